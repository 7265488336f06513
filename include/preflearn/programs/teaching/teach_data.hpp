/// \file
/// The pairs that a teacher learns from and those that it is held against: read, those that do not fit left out, split
/// by prompt where there is one file.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/data/preferences/preference_reader.hpp>
#include <preflearn/data/selection/fitting.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/data/selection/split.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/programs/teaching/teach_options.hpp>

namespace preflearn {

/// Views into files that it owns. The two responses stand in an order that says nothing.
struct teach_data {
    preference_data file{}, held_out_file{};
    left_out_pairs left_out{};
    std::vector<text_comparison> learned{}, held_out{};
    /// Of the pairs to learn from, and of those held out: ids of two files may be the same.
    label_set labels{}, held_out_labels{};

    /// What the pairs of the file are called; of the held-out ones.
    [[nodiscard]] const pair_names& held_out_names() const {
        return held_out_file.empty() ? file.names() : held_out_file.names();
    }
};

namespace detail {

/// The pairs that fit, and those of two identical responses, from which nothing is learned.
struct usable_pairs_of {
    std::vector<text_comparison> all;
    std::unordered_set<std::uint64_t> ties;
    left_out_pairs left_out;
};

inline usable_pairs_of fitting_of(const preference_data& data, std::span<const pair_reader> readers,
                                  const teach_options& options, const speaker& say) {
    fitting_pairs fitting = fit_pairs(data, readers,
                                      {.maximum_tokens = options.learning.maximum_tokens,
                                       .label = label_need::verdict,
                                       .needs_tokens = options.needs_tokens || options.per_token,
                                       .needs_difference = true});
    say_lines(told(data, fitting), say);
    check_left_out(fitting, data.names().file(), options.strict);
    usable_pairs_of usable{.all = std::move(fitting.kept), .ties = {}, .left_out = std::move(fitting.left_out)};
    for (const text_comparison& pair : fitting.identical) {
        usable.all.push_back(pair);
        usable.ties.insert(pair.id);
    }
    return usable;
}

} // namespace detail

/// \param readers of the models; none: nothing is too long \param learns whether anything is learned; else all pairs of
/// one file are held out
/// \throws input_error for files that cannot be read, when no pair is left, or too few to hold some out, and, where
/// strict, when one was left out; argument_error when none are to be held out of a teacher that learns nothing.
inline teach_data read_teach_data(const teach_options& options, const preference_options& reading,
                                  std::span<const pair_reader> readers, bool learns, const speaker& say) {
    teach_data data;
    data.file = read_preferences(options.data, reading);
    const bool own_file = !options.held_out.empty();
    {
        const detail::usable_pairs_of usable = detail::fitting_of(data.file, readers, options, say);
        data.left_out = usable.left_out;
        const auto count = static_cast<double>(usable.all.size());
        const std::size_t test = !learns && !own_file ? usable.all.size()
                                 : own_file           ? 0
                                            : static_cast<std::size_t>(std::ceil(options.held_out_share * count));
        const std::size_t learnable = usable.all.size() - usable.ties.size();
        require(test > 0 || learns || own_file, "no pairs are held out to evaluate on");
        require<input_error>(
            !learns || test < learnable, options.data.string(), ": ", test, " of ", learnable,
            " pairs are to be held out, which leaves none to learn from; --held-out-share 0 holds none out");
        auto parts = split_preferences(
            std::span<const text_comparison>(usable.all), data.file.labels(),
            split_options{
                .labelled = learns ? learnable - test : 0, .test = test, .seed = options.split_by(), .exact = false},
            usable.ties);
        data.learned = std::move(parts.labelled);
        data.held_out = std::move(parts.test);
        data.labels = parts.labels;
        data.held_out_labels = std::move(parts.labels);
    }
    if (!own_file) return data;
    data.held_out_file = read_preferences(options.held_out, reading);
    const detail::usable_pairs_of usable = detail::fitting_of(data.held_out_file, readers, options, say);
    auto parts =
        split_preferences(std::span<const text_comparison>(usable.all), data.held_out_file.labels(),
                          split_options{.test = usable.all.size(), .seed = options.split_by(), .exact = false});
    data.held_out = std::move(parts.test);
    data.held_out_labels = std::move(parts.labels);
    return data;
}

/// For a teacher that learns nothing: the pairs to hold it against, those of `held_out` where that is given, else of
/// `data`; none where neither is. \throws as `read_teach_data`.
inline teach_data read_unlearned(const teach_options& options, const preference_options& reading, const speaker& say) {
    if (options.data.empty() && options.held_out.empty()) return {};
    teach_options held = options;
    if (!held.held_out.empty()) held.data = std::exchange(held.held_out, {});
    return read_teach_data(held, reading, {}, false, say);
}

} // namespace preflearn
