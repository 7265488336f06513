/// \file
/// Scores of more than two responses: does one source rank the responses of a prompt as another does? Kendall's tau-b
/// and Spearman's correlation within each prompt, whose means over prompts count, and how often the best one is the
/// same.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <preflearn/agreement/ranks/correlation.hpp>
#include <preflearn/agreement/ranks/kendall.hpp>
#include <preflearn/agreement/uncertainty/clustered.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_card/card_pairs.hpp>
#include <preflearn/programs/comparing/compared_file.hpp>

namespace preflearn {

struct list_agreement {
    std::size_t first = 0, second = 0; ///< as in `source_pair`
    /// Lists of the same responses to the same prompt, and those in which a source gives all the same score, which have
    /// no correlation.
    std::size_t lists = 0, constant = 0;
    /// Means over lists, with errors over prompts.
    estimate kendall{}, spearman{};
    /// Share on which the best response is the same; where a source has several best ones, its share of them that are
    /// also the other's.
    estimate same_best{};
};

namespace detail {

inline double shared_best(std::span<const double> a, std::span<const double> b) {
    const double best_a = *std::ranges::max_element(a), best_b = *std::ranges::max_element(b);
    double in_a = 0, in_b = 0, both = 0;
    for (std::size_t k = 0; k < a.size(); ++k) {
        in_a += a[k] == best_a;
        in_b += b[k] == best_b;
        both += a[k] == best_a && b[k] == best_b;
    }
    return both / std::max(in_a, in_b);
}

/// A name for each list, the same in all files: id and texts, the k-th of equal ones.
inline std::unordered_map<std::string, const compared_list*> lists_by_name(std::span<const compared_list> lists) {
    std::unordered_map<std::string, const compared_list*> named;
    std::unordered_map<std::uint64_t, std::size_t> repeats;
    for (const compared_list& list : lists) named.emplace(message(list.texts, "-", repeats[list.texts]++), &list);
    return named;
}

/// \throws input_error where one id has other responses in the other file
inline void check_ids(std::span<const compared_list> a, const std::string& a_path, std::span<const compared_list> b,
                      const std::string& b_path) {
    const auto id_of = [](const compared_list& list) {
        return list.given.form == id_form::text ? "\"" + list.given.text : message(list.given.number);
    };
    std::unordered_map<std::string, const compared_list*> known;
    for (const compared_list& list : a)
        if (list.given.form != id_form::none) known.emplace(id_of(list), &list);
    for (const compared_list& list : b) {
        if (list.given.form == id_form::none) continue;
        const auto at = known.find(id_of(list));
        if (at == known.end() || at->second->texts == list.texts) continue;
        throw input_error(message(b_path, ":", list.line, ": the responses have the id of others at ", a_path, ":",
                                  at->second->line, " (--match texts)"));
    }
}

} // namespace detail

/// \throws input_error where one id stands for different responses
inline list_agreement compare_lists(std::span<const compared_list> a, const std::string& a_path,
                                    std::span<const compared_list> b, const std::string& b_path,
                                    double confidence = 0.95) {
    detail::check_ids(a, a_path, b, b_path);
    const auto in_b = detail::lists_by_name(b);
    std::unordered_map<std::uint64_t, std::size_t> repeats;
    list_agreement found;
    std::vector<double> tau, rho, best;
    std::vector<std::uint64_t> prompts, ranked;
    for (const compared_list& list : a) {
        const auto at = in_b.find(message(list.texts, "-", repeats[list.texts]++));
        if (at == in_b.end()) continue;
        const std::vector<double>&x = list.scores, &y = at->second->scores;
        ++found.lists;
        best.push_back(detail::shared_best(x, y));
        prompts.push_back(list.prompt);
        const estimate kendall = kendall_tau_b(x, y), spear = spearman(x, y);
        if (!kendall.defined() || !spear.defined()) {
            ++found.constant;
            continue;
        }
        tau.push_back(kendall.value);
        rho.push_back(spear.value);
        ranked.push_back(list.prompt);
    }
    const std::span<const std::uint64_t> of(ranked);
    found.kendall = clustered_mean(std::span<const double>(tau), of, confidence);
    found.spearman = clustered_mean(std::span<const double>(rho), of, confidence);
    found.same_best = share_over_prompts(best, prompts, confidence);
    return found;
}

} // namespace preflearn
