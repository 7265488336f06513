/// \file
/// Pairs of texts with their labels, scores and margins kept aside. A data set owns the texts; its comparisons are
/// views, so that nothing is copied when pairs are filtered, split and handed on.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/data/preferences/record.hpp>

namespace preflearn {

using text_comparison = comparison<std::string_view>;

/// A line that a reader left out.
struct malformed_line {
    std::size_t line = 0;   ///< from 1
    std::size_t reason = 0; ///< its place in skipped_lines::reasons
};

/// Lines that a reader left out: how many, what was wrong with the first of them ("file:line: …"), and each line with
/// its reason, without the place.
struct skipped_lines {
    std::size_t count = 0;
    std::vector<std::string> messages;
    std::vector<malformed_line> lines{};
    std::vector<std::string> reasons{};
};

/// Pairs whose prompt stood in front of both responses once more, and was taken off.
struct repeated_prompts {
    std::size_t count = 0;
    std::size_t first_line = 0; ///< from 1
};

/// Views stay valid while the data set lives, also when it is moved or pairs are added; hence it cannot be copied.
class preference_data {
  public:
    preference_data() = default;
    /// \param file what messages call the file that the pairs come from
    explicit preference_data(std::string file) : names_(std::move(file)) {}
    preference_data(preference_data&&) = default;
    preference_data& operator=(preference_data&&) = default;
    preference_data(const preference_data&) = delete;
    preference_data& operator=(const preference_data&) = delete;

    /// \throws argument_error when the id is taken.
    void add(preference_record record) {
        names_.insert(record.id, record.given, record.line);
        if (record.repeats_prompt && repeated_.count++ == 0) repeated_.first_line = record.line;
        const auto known = prompts_.find(record.prompt); // prompts come with many pairs of responses
        const std::string_view prompt = known != prompts_.end() ? *known : keep(std::move(record.prompt));
        prompts_.insert(prompt);
        comparisons_.push_back({record.id, prompt, keep(std::move(record.first)), keep(std::move(record.second))});
        if (record.label) labels_.add({record.id, *record.label});
        if (record.scores) scores_.emplace(record.id, *record.scores);
        if (record.margin) margins_.emplace(record.id, *record.margin);
        if (record.weight) weights_.emplace(record.id, *record.weight);
        if (record.human) human_.add({record.id, *record.human});
    }

    /// In the order of adding.
    [[nodiscard]] std::span<const text_comparison> comparisons() const { return comparisons_; }
    /// Of the pairs that have one; chosen/rejected records say `first`.
    [[nodiscard]] const label_set& labels() const { return labels_; }
    /// Scores and margin as the pair was read: `first` is the first response of comparisons(), whatever
    /// split_preferences makes of its copy. Nothing where the file has none.
    [[nodiscard]] std::optional<response_scores> scores(std::uint64_t id) const { return found(scores_, id); }
    [[nodiscard]] std::optional<double> margin(std::uint64_t id) const { return found(margins_, id); }
    /// What the pair counts for in training, as the file gives it.
    [[nodiscard]] std::optional<double> weight(std::uint64_t id) const { return found(weights_, id); }
    /// What humans said of pairs that a teacher labelled (the field `human`), `first` as for scores.
    [[nodiscard]] const label_set& human() const { return human_; }

    /// What the file calls each pair, and where it stands.
    [[nodiscard]] const pair_names& names() const { return names_; }

    [[nodiscard]] std::size_t size() const { return comparisons_.size(); }
    [[nodiscard]] bool empty() const { return comparisons_.empty(); }

    /// How often a repeated prompt was taken off.
    [[nodiscard]] const repeated_prompts& repeated() const { return repeated_; }

    /// What read_preferences left out.
    skipped_lines skipped;

  private:
    std::string_view keep(std::string&& text) { return texts_.emplace_back(std::move(text)); }

    template <class Value>
    static std::optional<Value> found(const std::unordered_map<std::uint64_t, Value>& values, std::uint64_t id) {
        const auto at = values.find(id);
        return at == values.end() ? std::nullopt : std::optional(at->second);
    }

    std::deque<std::string> texts_; // never moves its elements, so views of short strings hold too
    std::unordered_set<std::string_view> prompts_;
    pair_names names_;
    repeated_prompts repeated_;
    std::vector<text_comparison> comparisons_;
    label_set labels_, human_;
    std::unordered_map<std::uint64_t, response_scores> scores_;
    std::unordered_map<std::uint64_t, double> margins_, weights_;
};

} // namespace preflearn
