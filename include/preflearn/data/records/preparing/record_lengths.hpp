/// \file
/// How long prompts and responses are, in whatever unit is asked for, and which records fit what was asked for.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/json_line.hpp>
#include <preflearn/data/preferences/record.hpp>
#include <preflearn/data/preferences/repeated_prompt.hpp>
#include <preflearn/data/preferences/turns.hpp>
#include <preflearn/data/records/reading/response_record.hpp>
#include <preflearn/data/selection/fitting.hpp>
#include <preflearn/data/selection/left_out.hpp>

namespace preflearn {

/// Runs of characters that are no white space.
inline std::size_t words_in(std::string_view text) {
    std::size_t words = 0;
    bool inside = false;
    for (const char c : text) {
        const bool space = detail::is_ascii_space(c) || c == '\v' || c == '\f';
        words += !space && !inside;
        inside = !space;
    }
    return words;
}

/// Code points of UTF-8.
inline std::size_t characters_in(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

struct text_measure {
    std::string unit = "words";
    std::function<std::size_t(std::string_view)> of = words_in;
    /// How a conversation becomes the text that is measured; none: the sum over its contents.
    conversation_renderer render{};
};

/// \throws preflearn::error as the measure and the renderer do.
inline std::size_t length_of(const nlohmann::json& text, const text_measure& measure) {
    if (text.is_string()) return measure.of(text.get_ref<const std::string&>());
    if (measure.render) {
        const preference_options options;
        return measure.of(measure.render(detail::turns_of(detail::json_field{&text, "turns"}, options)));
    }
    std::size_t sum = 0;
    for (const nlohmann::json& turn : text) {
        const auto content = turn.find("content");
        if (content == turn.end() || content->is_null()) continue;
        sum += measure.of(content->is_string() ? content->get_ref<const std::string&>() : content->dump());
    }
    return sum;
}

/// Whether nothing but white space is said: an empty text, or turns of empty contents.
inline bool is_empty_text(const nlohmann::json& text) {
    if (text.is_string()) return detail::trimmed(text.get_ref<const std::string&>()).empty();
    return std::ranges::all_of(text, [](const nlohmann::json& turn) {
        const auto content = turn.find("content");
        const bool nothing = content == turn.end() || content->is_null() ||
                             (content->is_string() && detail::trimmed(content->get_ref<const std::string&>()).empty());
        return nothing && turn.size() <= 2;
    });
}

struct record_rules {
    text_measure measure{};
    std::size_t maximum_prompt = unlimited_length, maximum_response = unlimited_length;
    /// Of the prompt and the longest response.
    std::size_t maximum_length = unlimited_length;
    std::size_t minimum_response = 0;
    std::optional<double> minimum_margin{};
    bool drop_identical = true, drop_empty = false;
};

/// Why a record is not to be written, and what was found.
struct misfit {
    left_out_reason reason = left_out_reason::too_long;
    std::string message{};
};

inline bool has_identical_responses(const response_record& record) {
    return record.responses.size() == 2 && record.responses[0] == record.responses[1];
}

namespace detail {

inline std::optional<misfit> length_misfit(const response_record& record, const record_rules& rules) {
    const bool asked = rules.maximum_prompt != unlimited_length || rules.maximum_response != unlimited_length ||
                       rules.maximum_length != unlimited_length || rules.minimum_response > 0;
    if (!asked) return std::nullopt;
    const std::string& unit = rules.measure.unit;
    const std::size_t prompt = length_of(record.prompt, rules.measure);
    std::size_t longest = 0, shortest = unlimited_length;
    for (const nlohmann::json& response : record.responses) {
        const std::size_t length = length_of(response, rules.measure);
        longest = std::max(longest, length);
        shortest = std::min(shortest, length);
    }
    const auto over = [&](std::string_view what, std::size_t length, std::size_t maximum) -> std::optional<misfit> {
        if (length <= maximum) return std::nullopt;
        return misfit{left_out_reason::too_long, message(what, " of ", length, " ", unit, " is longer than ", maximum)};
    };
    if (auto found = over("a prompt", prompt, rules.maximum_prompt)) return found;
    if (auto found = over("a response", longest, rules.maximum_response)) return found;
    if (auto found = over("prompt with response", prompt + longest, rules.maximum_length)) return found;
    if (shortest < rules.minimum_response)
        return misfit{left_out_reason::too_short,
                      message("a response of ", shortest, " ", unit, " is shorter than ", rules.minimum_response)};
    return std::nullopt;
}

} // namespace detail

/// The first rule that the record breaks.
inline std::optional<misfit> misfit_of(const response_record& record, const record_rules& rules) {
    if (rules.drop_empty && is_empty_text(record.prompt)) return misfit{left_out_reason::empty_prompt};
    if (rules.drop_empty && std::ranges::any_of(record.responses, is_empty_text))
        return misfit{left_out_reason::empty_response};
    if (rules.drop_identical && has_identical_responses(record)) return misfit{left_out_reason::identical_responses};
    if (rules.minimum_margin) {
        std::optional<double> margin = record.margin;
        if (!margin && record.has_scores() && record.scores.size() == 2) margin = record.scores[0] - record.scores[1];
        if (!margin) return misfit{left_out_reason::small_margin, "it has none"};
        if (!(std::abs(*margin) >= *rules.minimum_margin))
            return misfit{left_out_reason::small_margin,
                          message("its size, ", std::abs(*margin), ", is below ", *rules.minimum_margin)};
    }
    return detail::length_misfit(record, rules);
}

} // namespace preflearn
