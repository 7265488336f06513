/// \file
/// What can be seen of responses without a judge: how long they are, and how many are empty, were cut off at the limit
/// of tokens, or repeat themselves. A win rate means little where these differ.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/agreement/uncertainty/bootstrap.hpp>
#include <preflearn/agreement/uncertainty/clustered.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/data/records/preparing/record_lengths.hpp>
#include <preflearn/programs/evaluating/student_responses.hpp>

namespace preflearn {

/// The share of a text's n-grams of words that stand in it before: 1 − different / all (Welleck et al. 2020,
/// seq-rep-n); 0 for a text of fewer words.
inline double repeated_share(std::string_view text, std::size_t n = 4) {
    std::vector<std::string_view> words;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = text.find_first_not_of(" \t\r\n\v\f", at);
        if (begin == std::string_view::npos) break;
        at = std::min(text.find_first_of(" \t\r\n\v\f", begin), text.size());
        words.push_back(text.substr(begin, at - begin));
    }
    if (n == 0 || words.size() < n) return 0;
    std::set<std::vector<std::string_view>> different;
    const std::size_t all = words.size() - n + 1;
    for (std::size_t i = 0; i < all; ++i)
        different.emplace(words.begin() + static_cast<std::ptrdiff_t>(i),
                          words.begin() + static_cast<std::ptrdiff_t>(i + n));
    return 1 - static_cast<double>(different.size()) / static_cast<double>(all);
}

struct response_quality {
    double length = 0;
    double tokens = undefined; ///< where the file says it
    double repeated = 0;
    bool empty = false;
    bool ended_known = false, cut_off = false;
};

namespace detail {

/// What is said: a text, or the contents of turns.
inline std::string said_text(const nlohmann::json& response) {
    if (response.is_string()) return response.get<std::string>();
    std::string text;
    for (const nlohmann::json& turn : response)
        if (const auto content = turn.find("content"); content != turn.end() && content->is_string())
            text += (text.empty() ? "" : "\n") + content->get<std::string>();
    return text;
}

inline response_quality quality_of(const student_responses& of, std::size_t k, const text_measure& measure) {
    const nlohmann::json& response = of.record.responses[k];
    const std::string& end = of.finish[k];
    return {.length = static_cast<double>(length_of(response, measure)),
            .tokens = of.tokens[k],
            .repeated = repeated_share(said_text(response)),
            .empty = is_empty_text(response),
            .ended_known = !end.empty(),
            .cut_off = end == "length" || end == "max_tokens"};
}

} // namespace detail

/// quality[prompt][student][response]. \param unit characters or words
inline std::vector<std::vector<std::vector<response_quality>>> qualities_of(const evaluated_students& students,
                                                                            std::string_view unit) {
    text_measure measure{.unit = std::string(unit)};
    if (unit == "characters") measure.of = characters_in;
    std::vector<std::vector<std::vector<response_quality>>> all;
    for (const evaluated_prompt& prompt : students.prompts) {
        auto& row = all.emplace_back();
        for (const student_responses& of : prompt.of) {
            std::vector<response_quality>& own = row.emplace_back();
            for (std::size_t k = 0; k < of.record.responses.size(); ++k)
                own.push_back(detail::quality_of(of, k, measure));
        }
    }
    return all;
}

/// Of all responses of a student; intervals over prompts.
struct student_quality {
    std::size_t responses = 0, fewest = 0;
    estimate length{}, tokens{}, repeated{};
    double median_length = undefined;
    /// Shares of responses: empty; cut off, of those whose end is known; more than half of whose words' 4-grams are
    /// repeated; whose text is another one's of the same student.
    estimate empty{}, cut_off{}, repetitive{};
    double duplicate = 0;
};

inline student_quality quality_of(const evaluated_students& students, std::size_t student,
                                  std::span<const std::vector<std::vector<response_quality>>> qualities,
                                  double confidence) {
    student_quality made{.fewest = students.fewest(student)};
    std::vector<double> lengths, tokens, repeated, empty, cut_off, repetitive;
    std::vector<std::size_t> clusters, told, ended;
    std::unordered_set<std::string> texts;
    for (std::size_t p = 0; p < qualities.size(); ++p) {
        for (const response_quality& one : qualities[p][student]) {
            const std::size_t cluster = students.clusters[p];
            lengths.push_back(one.length);
            repeated.push_back(one.repeated);
            empty.push_back(one.empty ? 1 : 0);
            repetitive.push_back(one.repeated > 0.5 ? 1 : 0);
            clusters.push_back(cluster);
            if (!std::isnan(one.tokens)) {
                tokens.push_back(one.tokens);
                told.push_back(cluster);
            }
            if (one.ended_known) {
                cut_off.push_back(one.cut_off ? 1 : 0);
                ended.push_back(cluster);
            }
        }
        for (const nlohmann::json& response : students.prompts[p].of[student].record.responses)
            texts.insert(response.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    }
    using values = std::span<const double>;
    const std::span<const std::size_t> of(clusters);
    made.responses = lengths.size();
    made.length = clustered_mean(values(lengths), of, confidence);
    made.tokens = clustered_mean(values(tokens), std::span<const std::size_t>(told), confidence);
    made.repeated = clustered_mean(values(repeated), of, confidence);
    made.empty = clustered_share(values(empty), of, confidence);
    made.cut_off = clustered_share(values(cut_off), std::span<const std::size_t>(ended), confidence);
    made.repetitive = clustered_share(values(repetitive), of, confidence);
    made.duplicate = 1 - static_cast<double>(texts.size()) / static_cast<double>(made.responses);
    std::ranges::sort(lengths);
    made.median_length = sorted_quantile(lengths, 0.5);
    return made;
}

} // namespace preflearn
