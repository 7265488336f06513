/// \file
/// The labelled file as examples that fit: read in whatever form, those that models cannot take left out, whole groups
/// of one prompt held out where there is one file.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/json_line.hpp>
#include <preflearn/data/records/preparing/split_parts.hpp>
#include <preflearn/data/records/reading/record_reader.hpp>
#include <preflearn/data/records/reading/record_turns.hpp>
#include <preflearn/data/records/reading/walk_records.hpp>
#include <preflearn/data/selection/fitting.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/programs/aligning/align_examples.hpp>
#include <preflearn/programs/aligning/align_options.hpp>
#include <preflearn/programs/aligning/example_records.hpp>

namespace preflearn {

/// Views its files' texts.
struct align_data {
    align_set file{}, held_out_file{};
    std::vector<align_example> learned{}, held_out{};
    /// Held-out examples of a file of their own that are learned from, too.
    std::size_t learned_too = 0;

    [[nodiscard]] const pair_names& held_out_names() const {
        return held_out_file.records == 0 ? file.names : held_out_file.names;
    }
};

/// Whether a file has conversations, which a chat format makes texts of. \throws input_error as record_reader
inline bool has_conversations(const std::filesystem::path& path, const record_options& options) {
    seen_ids ids;
    record_reader reader(path, options, ids);
    while (const auto record = reader.next())
        if (!record->is_text()) return true;
    return false;
}

namespace detail {

/// A weight's column. \throws input_error
inline std::optional<double> weight_in(const response_record& record) {
    const auto at = record.others.find("weight");
    if (at == record.others.end() || at->is_null()) return std::nullopt;
    const double weight = at->is_number() ? at->get<double>() : -1;
    require<input_error>(weight >= 0 && weight <= 1e9, "field 'weight': found ", excerpt{at->dump()},
                         ", a number of at least 0, and at most 1e9, was expected");
    return weight;
}

/// Why the readers cannot take an example.
inline std::optional<left_out_pair> unreadable_example(const align_example& example,
                                                       std::span<const pair_reader> readers, const fit_rules& rules) {
    const auto& responses = example.responses;
    for (std::size_t k = 0; k < responses.size(); k += 2) {
        const std::string_view other = responses[std::min(k + 1, responses.size() - 1)];
        auto unfit = unreadable({example.id, example.prompt, responses[k], other}, readers, rules);
        if (unfit) return unfit;
    }
    return std::nullopt;
}

/// A file while it is read.
class align_reading {
  public:
    align_reading(const std::filesystem::path& path, const example_rules& rules, const record_options& records,
                  std::span<const pair_reader> readers, const fit_rules& fits)
        : rules_(rules), records_(records), readers_(readers), fits_(fits) {
        set_.names = pair_names(path.string());
    }

    align_set read(const std::filesystem::path& path) {
        seen_ids ids;
        const bool gathers = rules_.kind != loss_kind::completions;
        const left_out_pairs skipped = walk_records(path, records_, ids, gathers, [&](response_record&& record) {
            try {
                take(record);
            } catch (const error& failure) {
                if (!records_.reading.skip_malformed)
                    throw input_error(message(file_line{path.string(), record.line}, ": ", failure.what()));
                set_.left_out.add({.name = {.line = record.line}, .message = failure.what()});
            }
        });
        for (const left_out_pair& line : skipped.pairs())
            set_.left_out.add({.name = line.name, .message = line.message});
        return std::move(set_);
    }

  private:
    void take(const response_record& record) {
        ++set_.records;
        std::vector<example_record> all = examples_of(record, rules_);
        for (example_record& one : all) {
            const std::uint64_t id =
                set_.names.add(all.size() > 1 ? part_id(record, one.suffix) : record.given, record.index, record.line);
            std::optional<left_out_pair> unfit;
            if (one.unfit) unfit = {.reason = *one.unfit, .message = one.message};
            if (!unfit) unfit = keep(one, id);
            if (!unfit) continue;
            unfit->name = set_.names.find(id);
            set_.left_out.add(*std::move(unfit));
        }
    }
    /// What one of several examples of a record is called.
    static given_id part_id(const response_record& record, const std::string& suffix) {
        const given_id& own = record.given;
        const std::string whole = own.form == id_form::text     ? own.text
                                  : own.form == id_form::number ? std::to_string(own.number)
                                                                : message("line ", record.line);
        return {.form = id_form::text, .text = whole + suffix};
    }
    /// Keeps an example, or says why not.
    std::optional<left_out_pair> keep(const example_record& one, std::uint64_t id) {
        const response_record record = as_texts(one.record, records_.reading);
        align_example made{.id = id,
                           .verdict = one.verdict,
                           .desirable = one.desirable,
                           .ranked = one.ranked,
                           .weight = weight_in(record),
                           .margin = record.margin,
                           .human = record.human};
        if (const auto turned = record.others.find("flipped"); turned != record.others.end())
            made.flipped = *turned == true;
        const std::string prompt = record.prompt;
        std::vector<std::string> texts;
        for (const nlohmann::json& response : record.responses) texts.push_back(response.get<std::string>());
        if (rules_.kind != loss_kind::completions && rules_.kind != loss_kind::lists && texts[0] == texts[1])
            return left_out_pair{.reason = left_out_reason::identical_responses};
        made.prompt = prompt;
        made.responses.assign(texts.begin(), texts.end());
        if (auto unfit = unreadable_example(made, readers_, fits_)) return unfit;
        made.prompt = set_.keep(prompt);
        for (std::size_t k = 0; k < texts.size(); ++k) made.responses[k] = set_.keep(texts[k]);
        if (const auto who = record.others.find("teacher"); who != record.others.end() && who->is_string())
            set_.teachers.insert(who->get<std::string>());
        set_.unranked += one.unranked;
        set_.examples.push_back(std::move(made));
        return std::nullopt;
    }

    align_set set_;
    example_rules rules_;
    const record_options& records_;
    std::span<const pair_reader> readers_;
    fit_rules fits_;
};

} // namespace detail

/// How many of the held-out examples have the texts of one that is learned from, in whatever order.
inline std::size_t count_learned_too(const std::vector<align_example>& learned,
                                     const std::vector<align_example>& held_out) {
    const auto content = [](const align_example& e) {
        std::vector<std::uint64_t> texts;
        for (const std::string_view response : e.responses) texts.push_back(hash_of(response));
        std::ranges::sort(texts);
        texts.push_back(hash_of(e.prompt));
        return texts;
    };
    std::set<std::vector<std::uint64_t>> known;
    for (const align_example& e : learned) known.insert(content(e));
    return static_cast<std::size_t>(
        std::ranges::count_if(held_out, [&](const align_example& e) { return known.contains(content(e)); }));
}

/// The examples of one file. \param readers of the models; none: nothing is too long
/// \throws input_error for a file that cannot be read, when nothing is left and, where strict, when one was left out.
inline align_set read_align_set(const std::filesystem::path& path, const example_rules& rules,
                                const align_options& options, const record_options& records, bool needs_tokens,
                                std::span<const pair_reader> readers, const speaker& say) {
    const fit_rules fits{.maximum_tokens = options.learning.maximum_tokens, .needs_tokens = needs_tokens};
    align_set set = detail::align_reading(path, rules, records, readers, fits).read(path);
    constexpr std::array<std::string_view, 5> units{"pairs", "triples", "pairs", "completions", "lists"};
    const std::string_view unit = units[static_cast<std::size_t>(rules.kind)];
    say(message(path.string(), ": ", set.records, set.records == 1 ? " record, " : " records, ", set.size(), " ", unit,
                " kept"));
    say_lines(set.left_out.summary(), say);
    if (set.unranked > 0)
        say(message("  not ranked: ", set.unranked, " responses without a score or with that of another"));
    require<input_error>(rules.kind != loss_kind::triples || set.size() > 0 || set.records == 0, path.string(),
                         ": the loss learns from triples, pairs with a gold response (column '", rules.gold_field,
                         "') or three or more responses with scores that differ, and none of the ", set.records,
                         " records is one\n", set.left_out.summary());
    check_left_out(set.left_out, set.size(), path.string(), options.strict);
    return set;
}

/// \throws input_error as read_align_set, and when too few examples are left to hold some out
inline align_data read_align_data(const align_options& options, const example_rules& rules,
                                  const record_options& records, bool needs_tokens,
                                  std::span<const pair_reader> readers, const speaker& say) {
    align_data data;
    data.file = read_align_set(options.data, rules, options, records, needs_tokens, readers, say);
    if (!options.held_out.empty() || options.held_out_share == 0) {
        data.learned = std::move(data.file.examples);
        if (options.held_out.empty()) return data;
        data.held_out_file = read_align_set(options.held_out, rules, options, records, needs_tokens, readers, say);
        data.held_out = std::move(data.held_out_file.examples);
        data.learned_too = count_learned_too(data.learned, data.held_out);
        if (data.learned_too > 0)
            say(message("warning: ", data.learned_too, " of the ", data.held_out.size(), " examples of ",
                        options.held_out.string(),
                        " are learned from, too: there the student shows what it remembers"));
        return data;
    }
    std::vector<std::uint64_t> prompts;
    for (const align_example& example : data.file.examples) prompts.push_back(hash_of(example.prompt));
    const double wanted = std::ceil(options.held_out_share * static_cast<double>(prompts.size()));
    const auto homes = deal(prompts, {{"held out", wanted}, {"learned", std::nullopt}}, options.seed);
    for (std::size_t i = 0; i < homes.size(); ++i)
        (homes[i] == std::size_t{0} ? data.held_out : data.learned).push_back(std::move(data.file.examples[i]));
    require<input_error>(
        !data.learned.empty(), options.data.string(), ": all ", prompts.size(),
        " examples would be held out, which leaves none to learn from; --held-out-share 0 holds none out");
    if (data.held_out.empty()) say(message("nothing is held out: every prompt has more than ", wanted, " examples"));
    return data;
}

} // namespace preflearn
