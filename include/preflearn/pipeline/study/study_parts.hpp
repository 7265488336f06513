/// \file
/// The parts of a study on texts. Pairs with a verdict are dealt out as split_preferences does; pairs without one, of
/// the same file or of another, can be in the unlabelled part alone. Nothing of a prompt that is held out is learned
/// from.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/data/preferences/preference_reader.hpp>
#include <preflearn/data/preferences/record.hpp>
#include <preflearn/data/selection/fitting.hpp>
#include <preflearn/data/selection/split.hpp>

namespace preflearn {

/// The pairs of another file, under ids that no pair of `taken` has. \throws input_error as preference_reader does
inline preference_data read_other_pairs(const std::filesystem::path& path, const preference_options& reading,
                                        const pair_names& taken) {
    preference_reader reader(path, reading);
    preference_data data(reader.names().file());
    while (auto record = reader.next()) {
        std::uint64_t id = record->id;
        for (std::uint64_t step = 0; step == 0 || taken.contains(id) || data.names().contains(id); ++step)
            id = generator(record->id, "id of another file", step)();
        record->id = id;
        data.add(std::move(*record));
    }
    data.skipped = reader.skipped();
    return data;
}

/// Pairs that the weak teacher is to label, and what is known of what humans say of some of them.
struct unlabelled_pairs {
    std::vector<text_comparison> pairs{};
    label_set human{};
    /// Whether they alone are the unlabelled part.
    bool alone = false;
};

/// Those of a file that was read as unlabelled; abstentions are no verdicts.
inline unlabelled_pairs as_unlabelled(std::vector<text_comparison> pairs, const preference_data& data, bool alone) {
    unlabelled_pairs made{.pairs = std::move(pairs), .alone = alone};
    for (const text_comparison& pair : made.pairs) {
        auto verdict = data.human().find(pair.id);
        if (!verdict) verdict = data.labels().find(pair.id);
        if (verdict && !verdict->abstained()) made.human.add({pair.id, *verdict});
    }
    return made;
}

/// Those of another file that the models can read, whatever their verdicts.
inline fitting_pairs fit_unlabelled(const preference_data& data, std::span<const pair_reader> readers,
                                    fit_rules rules) {
    rules.label = label_need::none;
    return fit_pairs(data, readers, rules);
}

/// The pairs of the file itself that have no verdict, which then are not left out for that.
inline unlabelled_pairs add_unlabelled(fitting_pairs& fitting, const preference_data& data,
                                       std::span<const pair_reader> readers, const fit_rules& rules) {
    fitting_pairs all = fit_unlabelled(data, readers, rules);
    std::erase_if(all.kept, [&](const text_comparison& pair) {
        const auto verdict = data.labels().find(pair.id);
        return verdict && !verdict->abstained();
    });
    if (!all.kept.empty()) fitting.left_out = std::move(all.left_out);
    return as_unlabelled(std::move(all.kept), data, false);
}

struct study_parts {
    preference_split<text_comparison> pairs{};
    /// Unlabelled pairs that were left out because their prompt is held out.
    std::size_t of_held_out_prompts = 0;
};

/// Deals out. Where there are no unlabelled pairs the parts are those of split_preferences.
/// \param sizes of unlabelled pairs `unlimited_length` where they are alone: all of them
/// \param ties pairs that may be held out, but not learned from
/// \throws argument_error when there are too few.
inline study_parts deal_out(std::span<const text_comparison> labelled, const label_set& labels,
                            const std::unordered_set<std::uint64_t>& ties, const unlabelled_pairs& unlabelled,
                            split_options sizes) {
    if (unlabelled.pairs.empty()) {
        require(!unlabelled.alone, "there are no unlabelled pairs that fit");
        return {.pairs = split_preferences(labelled, labels, sizes, ties)};
    }
    require(!unlabelled.alone || sizes.unlabelled == unlimited_length || sizes.unlabelled <= unlabelled.pairs.size(),
            sizes.unlabelled, " unlabelled pairs are more than the ", unlabelled.pairs.size(), " that fit");
    const std::size_t of_them = std::min(sizes.unlabelled, unlabelled.pairs.size());
    sizes.unlabelled = unlabelled.alone ? 0 : sizes.unlabelled - of_them;
    study_parts made{.pairs = split_preferences(labelled, labels, sizes, ties)};
    std::unordered_set<std::string_view> held_out;
    for (const text_comparison& pair : made.pairs.test)
        if (!pair.prompt.empty()) held_out.insert(pair.prompt);
    std::vector<text_comparison> free;
    for (const text_comparison& pair : unlabelled.pairs)
        if (!held_out.contains(pair.prompt)) free.push_back(pair);
    made.of_held_out_prompts = unlabelled.pairs.size() - free.size();
    require(!free.empty(), "the prompts of all ", unlabelled.pairs.size(), " unlabelled pairs are held out");
    const auto dealt = split_preferences(
        std::span<const text_comparison>(free), unlabelled.human,
        split_options{.unlabelled = std::min(of_them, free.size()), .seed = sizes.seed, .exact = false});
    made.pairs.unlabelled.insert(made.pairs.unlabelled.end(), dealt.unlabelled.begin(), dealt.unlabelled.end());
    for (const label& known : dealt.labels) made.pairs.labels.add(known);
    return made;
}

} // namespace preflearn
