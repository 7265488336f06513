/// \file
/// Text responses in front of which the prompt stands once more. Some data sets hold the prompt by itself and, as
/// `chosen` and `rejected`, the whole texts; scored as they are, the model would read the prompt twice.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

#include <preflearn/data/preferences/transcript.hpp>

namespace preflearn {

namespace detail {

inline bool is_ascii_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

inline std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_ascii_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_ascii_space(text.back())) text.remove_suffix(1);
    return text;
}

/// Whether a text of this kind can end in the middle of a sentence: a prompt "Hello" is the beginning of an answer
/// "Hello! …", too, and only there it is no repeated prompt.
inline bool ends_word(std::string_view text) {
    const auto last = static_cast<unsigned char>(text.back());
    const bool letter = (last >= '0' && last <= '9') || ((last | 0x20) >= 'a' && (last | 0x20) <= 'z') || last >= 0x80;
    return !letter;
}

} // namespace detail

/// How many bytes of both responses are the prompt once more; nothing where it does not stand there. Two forms count:
/// - both responses are transcripts whose common beginning, up to `answer_start` and with it, holds the prompt last:
///   a whole transcript, or the user's last words alone;
/// - both responses begin with the prompt, which ends where words end (it ends in a character that is no letter or
///   digit, or what follows begins with white space or is nothing), and at least one goes on.
/// A prompt that only one response begins with is part of that response.
inline std::optional<std::size_t> repeated_prompt_size(std::string_view prompt, std::string_view first,
                                                       std::string_view second,
                                                       std::string_view answer_start = hh_answer_start) {
    using detail::trimmed;
    std::string_view words = trimmed(prompt);
    if (words.empty()) return std::nullopt;
    if (const auto size = common_prompt_size(first, second, answer_start)) {
        if (words.ends_with(trimmed(answer_start)))
            words = trimmed(words.substr(0, words.size() - trimmed(answer_start).size()));
        const std::string_view before = trimmed(first.substr(0, *size - answer_start.size()));
        const bool goes_on = first.size() > *size || second.size() > *size;
        const bool own_words =
            before.size() == words.size() ||
            (before.size() > words.size() && detail::is_ascii_space(before[before.size() - words.size() - 1]));
        if (!words.empty() && before.ends_with(words) && own_words && goes_on) return size;
    }
    if (!first.starts_with(prompt) || !second.starts_with(prompt)) return std::nullopt;
    const std::string_view rest = first.substr(prompt.size()), other = second.substr(prompt.size());
    const auto apart = [](std::string_view text) { return text.empty() || detail::is_ascii_space(text.front()); };
    if (rest.empty() && other.empty()) return std::nullopt;
    if (!detail::ends_word(prompt) && !(apart(rest) && apart(other))) return std::nullopt;
    return prompt.size();
}

} // namespace preflearn
