/// \file
/// The accuracy of labels whose errors come in clusters: several pairs of one prompt share what makes the prompt hard,
/// so that they tell less than as many pairs of different prompts. The rate is that of `label_accuracy`; its error and
/// interval are over prompts.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include <preflearn/agreement/labels/accuracy.hpp>
#include <preflearn/agreement/uncertainty/clustered.hpp>
#include <preflearn/agreement/uncertainty/proportion.hpp>
#include <preflearn/core/preference.hpp>

namespace preflearn {

/// As `label_accuracy`, with the cluster-robust error over prompts and the interval of `clustered_share`;
/// `rate.count` is the number of prompts. Where no two pairs share a prompt it is `label_accuracy` itself.
/// \param prompt_of called with a pair's id, gives its prompt or a number for it (anything with a std::hash)
template <std::invocable<std::uint64_t> PromptOf>
label_accuracy_result label_accuracy_by_prompt(const label_set& labels, const label_set& truth,
                                               const PromptOf& prompt_of, tie_rule ties = tie_rule::half,
                                               double confidence = 0.95) {
    label_accuracy_result result = label_accuracy(labels, truth, ties, confidence);
    using prompt = std::decay_t<std::invoke_result_t<const PromptOf&, std::uint64_t>>;
    std::unordered_map<prompt, std::size_t> number;
    std::vector<double> scores;
    std::vector<std::size_t> prompts;
    for (const label& given : labels) {
        const std::optional<preference> known = truth.find(given.id);
        if (!known || given.verdict.abstained() || known->abstained()) continue;
        outcomes one;
        detail::count_agreement(one, detail::direction(given.verdict), detail::direction(*known));
        if (one.ties > 0 && ties == tie_rule::drop) continue;
        scores.push_back(one.wins > 0 ? 1 : one.ties > 0 && ties == tie_rule::half ? 0.5 : 0);
        prompts.push_back(number.try_emplace(prompt_of(given.id), number.size()).first->second);
    }
    if (number.size() == scores.size()) return result;
    result.rate = clustered_share(std::span<const double>(scores), std::span<const std::size_t>(prompts), confidence);
    return result;
}

} // namespace preflearn
