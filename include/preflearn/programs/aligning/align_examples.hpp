/// \file
/// What a student learns from, whatever the kind of loss: prompts with the responses that a loss of that kind sees, and
/// what is known of them. And the same in the forms that training takes.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/loss/by_name/names.hpp>
#include <preflearn/training/kinds/completions.hpp>
#include <preflearn/training/kinds/lists.hpp>
#include <preflearn/training/kinds/triples.hpp>

namespace preflearn {

using text_completion = completion_of<text_comparison>;
using text_triple = triple<std::string_view>;
using text_list = ranked_list<std::string_view>;

/// Views texts that its set owns.
struct align_example {
    std::uint64_t id = 0; ///< inside (see pair_names)
    std::string_view prompt{};
    /// Pairs: chosen, rejected; triples: these and the gold one; single completions: one; lists: best first.
    std::vector<std::string_view> responses{};
    /// Of pairs and triples, P(chosen ≻ rejected).
    preference verdict = preference::for_first();
    bool desirable = true;    ///< of a single completion
    std::uint32_t ranked = 0; ///< of a list: the responses behind so many are behind them in unknown order
    std::optional<double> weight{}, margin{};
    /// What a human said of chosen and rejected.
    std::optional<preference> human{};
    /// Turned on purpose, as the column `flipped` says.
    bool flipped = false;
};

/// The examples of a file. Its texts never move.
struct align_set {
    pair_names names{};
    std::vector<align_example> examples{};
    std::size_t records = 0;
    /// Responses of lists that have the score of another, or none, and are not ranked.
    std::size_t unranked = 0;
    left_out_pairs left_out{};
    /// Who labelled, as the column `teacher` says.
    std::set<std::string> teachers{};

    [[nodiscard]] std::size_t size() const { return examples.size(); }

    /// A text of this set; prompts come many times.
    std::string_view keep(const std::string& text) {
        const auto known = known_.find(text);
        return known != known_.end() ? *known : *known_.insert(texts_.emplace_back(text)).first;
    }

  private:
    std::deque<std::string> texts_{};
    std::unordered_set<std::string_view> known_{};
};

/// Columns that training takes; empty where nothing is taken.
struct align_columns {
    std::vector<double> weights{}, margins{};
};

/// Pairs, the chosen response first.
inline std::vector<text_comparison> pairs_of(const std::vector<align_example>& examples) {
    std::vector<text_comparison> pairs;
    pairs.reserve(examples.size());
    for (const align_example& e : examples) pairs.push_back({e.id, e.prompt, e.responses[0], e.responses[1]});
    return pairs;
}
inline std::vector<text_triple> triples_of(const std::vector<align_example>& examples) {
    std::vector<text_triple> triples;
    triples.reserve(examples.size());
    for (const align_example& e : examples)
        triples.push_back({e.id, e.prompt, e.responses[0], e.responses[1], e.responses[2]});
    return triples;
}
inline std::vector<text_list> lists_of(const std::vector<align_example>& examples) {
    std::vector<text_list> lists;
    lists.reserve(examples.size());
    for (const align_example& e : examples) lists.push_back({e.id, e.prompt, e.responses});
    return lists;
}
inline flagged_completions<text_completion> singles_of(const std::vector<align_example>& examples) {
    flagged_completions<text_completion> singles;
    for (const align_example& e : examples) {
        singles.completions.push_back({e.prompt, e.responses[0]});
        singles.desirable.push_back(e.desirable ? 1 : 0);
    }
    return singles;
}
/// \param soft whether probabilities count; else the chosen response is the chosen one, and a tie a tie
inline label_set labels_of(const std::vector<align_example>& examples, bool soft) {
    label_set labels;
    for (const align_example& e : examples) {
        const bool tie = e.verdict.decision() == choice::tie;
        labels.add({e.id, soft || tie ? e.verdict : preference::for_first()});
    }
    return labels;
}
/// What is imitated where a model is fine-tuned first: the chosen response, the gold one of a triple, the best of a
/// list, a desirable completion.
inline std::vector<text_completion> demonstrations_of(const std::vector<align_example>& examples, loss_kind kind) {
    std::vector<text_completion> all;
    for (const align_example& e : examples)
        if (e.desirable) all.push_back({e.prompt, e.responses[kind == loss_kind::triples ? 2 : 0]});
    return all;
}

} // namespace preflearn
