/// \file
/// What a file of records holds, in numbers: forms, verdicts, repeats, lengths, and whether the chosen response is the
/// longer or the first one more often than not.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_set>
#include <vector>

#include <preflearn/core/preference.hpp>
#include <preflearn/data/records/preparing/record_items.hpp>
#include <preflearn/data/records/preparing/record_keys.hpp>
#include <preflearn/data/records/preparing/record_lengths.hpp>
#include <preflearn/data/records/reading/response_record.hpp>
#include <preflearn/data/selection/left_out.hpp>

namespace preflearn {

/// Of lengths: what is shown of a distribution.
struct length_summary {
    std::size_t count = 0, total = 0, smallest = 0, median = 0, percentile_95 = 0, largest = 0;
    [[nodiscard]] double mean() const {
        return count == 0 ? unrated : static_cast<double>(total) / static_cast<double>(count);
    }
};

/// Medians and percentiles are the values that stand there, none is between two.
inline length_summary summary_of(std::vector<std::size_t> lengths) {
    if (lengths.empty()) return {};
    std::ranges::sort(lengths);
    length_summary summary{.count = lengths.size(), .smallest = lengths.front(), .largest = lengths.back()};
    for (const std::size_t length : lengths) summary.total += length;
    summary.median = lengths[(lengths.size() - 1) / 2];
    summary.percentile_95 = lengths[(lengths.size() - 1) * 95 / 100];
    return summary;
}

/// How often one of two was chosen: yes, no, or neither can be said (equal lengths).
struct chosen_counts {
    std::size_t yes = 0, no = 0, equal = 0;
};

class record_counts {
  public:
    explicit record_counts(const text_measure& measure = {}) : measure_(measure) {}

    void add(const response_record& record) {
        ++records;
        ++forms[static_cast<std::size_t>(record.form)];
        responses += record.responses.size();
        fewest = records == 1 ? record.responses.size() : std::min(fewest, record.responses.size());
        most = std::max(most, record.responses.size());
        repeated_prompts += record.repeats_prompt;
        identical += has_identical_responses(record);
        scored += record.form != record_form::single && record.has_scores();
        empty_prompts += is_empty_text(record.prompt);
        empty_responses += std::ranges::any_of(record.responses, is_empty_text);
        without_id += record.given.form == id_form::none;
        prompt_lengths.push_back(length_of(record.prompt, measure_));
        std::vector<std::size_t> lengths;
        for (const auto& response : record.responses) lengths.push_back(length_of(response, measure_));
        response_lengths.insert(response_lengths.end(), lengths.begin(), lengths.end());
        notes.push_back(note_of(record));
        if (record.form == record_form::single)
            add_single(record);
        else if (record.responses.size() == 2)
            add_pair(record, lengths);
        else if (!record.has_scores())
            ++unlabelled;
    }

    /// In ascending order, each once.
    [[nodiscard]] std::vector<std::uint64_t> prompts() const {
        std::vector<std::uint64_t> keys;
        for (const record_note& note : notes) keys.push_back(note.prompt);
        std::ranges::sort(keys);
        keys.erase(std::ranges::unique(keys).begin(), keys.end());
        return keys;
    }
    /// Records that prepare_records drops for this reason, other reasons aside.
    [[nodiscard]] std::size_t repeats(left_out_reason reason) const {
        const auto reasons = repeats_of(notes);
        return static_cast<std::size_t>(std::ranges::count(reasons, std::optional(reason)));
    }

    std::size_t records = 0, responses = 0, fewest = 0, most = 0;
    std::array<std::size_t, record_forms> forms{};
    /// Of records of two: a response is chosen, by a label or by scores; neither is likelier; no verdict.
    std::size_t decided = 0, ties = 0, abstentions = 0, unlabelled = 0;
    std::size_t uncertain = 0; ///< decided with a probability below 1
    std::size_t scored = 0, with_margin = 0, with_human = 0;
    std::size_t good = 0, bad = 0; ///< single completions
    std::size_t identical = 0, repeated_prompts = 0, empty_prompts = 0, empty_responses = 0, without_id = 0;
    chosen_counts longer{}, first{}; ///< first: of records that do not say `chosen` by the place
    chosen_counts human_agrees{};    ///< with the label, where both name one
    std::vector<std::size_t> prompt_lengths, response_lengths, chosen_lengths, rejected_lengths;
    std::vector<double> margins; ///< sizes
    std::vector<record_note> notes;

  private:
    void add_single(const response_record& record) {
        const double score = record.scores.empty() ? unrated : record.scores[0];
        good += score == 1;
        bad += score == 0;
        unlabelled += std::isnan(score);
    }

    void add_pair(const response_record& record, const std::vector<std::size_t>& lengths) {
        const std::optional<choice>& decision = notes.back().decision;
        const bool abstained = record.label && record.label->abstained();
        abstentions += abstained;
        if (record.human) ++with_human;
        if (!decision) {
            unlabelled += !abstained;
            return;
        }
        ties += *decision == choice::tie;
        if (*decision == choice::tie) return;
        ++decided;
        const record_item item = detail::decided_pair(record);
        const bool is_first =
            record.label ? record.label->decision() == choice::first : record.scores[0] > record.scores[1];
        const std::size_t chosen = lengths[is_first ? 0 : 1], rejected = lengths[is_first ? 1 : 0];
        chosen_lengths.push_back(chosen);
        rejected_lengths.push_back(rejected);
        ++(chosen > rejected ? longer.yes : chosen < rejected ? longer.no : longer.equal);
        const bool by_place = record.form != record_form::responses && record.form != record_form::two_fields &&
                              record.form != record_form::tldr;
        if (!by_place) ++(is_first ? first.yes : first.no);
        uncertain += record.label && std::max(record.label->first(), record.label->second()) < 1;
        if (record.human) {
            const choice human = record.human->decision();
            const bool names_one = human == choice::first || human == choice::second;
            ++(!names_one                             ? human_agrees.equal
               : (human == choice::first) == is_first ? human_agrees.yes
                                                      : human_agrees.no);
        }
        if (item.record.margin) {
            ++with_margin;
            margins.push_back(std::abs(*item.record.margin));
        }
    }

    text_measure measure_;
};

/// How many prompts two files share.
inline std::size_t shared_prompts(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b) {
    std::size_t shared = 0;
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        shared += a[i] == b[j];
        const std::uint64_t least = std::min(a[i], b[j]);
        i += a[i] == least;
        j += b[j] == least;
    }
    return shared;
}

} // namespace preflearn
