/// \file
/// GPT-2's and Llama 3's split patterns written by hand, alternative by alternative: the naive form that the automaton
/// of expression.hpp is checked against.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <limits>
#include <string_view>

#include <preflearn/text/characters/unicode.hpp>

namespace test {

using namespace preflearn;

namespace detail {

/// The end of the run of one class that begins at `at`, of at most `most` characters.
inline std::size_t end_of_run(std::string_view text, std::size_t at, character_class wanted,
                              std::size_t most = std::numeric_limits<std::size_t>::max()) {
    for (; at < text.size() && most > 0; --most) {
        const character c = character_at(text, at);
        if (class_of(c) != wanted) break;
        at += c.bytes;
    }
    return at;
}

/// `\s+(?!\S)|\s+` at a space: the whole run at the end of the text, else all but its last character.
inline std::size_t end_of_spaces(std::string_view text, std::size_t at) {
    const std::size_t end = end_of_run(text, at, character_class::space);
    if (end == text.size()) return end;
    const std::size_t last = at + last_character(text.substr(at, end - at));
    return last > at ? last : end;
}

/// The end of 's 't 'm 'd 're 've 'll at `at`, or `at` when there is none. Without case, U+017F (long s) is an s.
inline std::size_t end_of_contraction(std::string_view text, std::size_t at, bool any_case) {
    if (text[at] != '\'' || at + 1 >= text.size()) return at;
    const auto letter = [&](std::size_t i) {
        if (i >= text.size()) return '\0';
        return any_case && text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    };
    const char first = letter(at + 1), second = letter(at + 2);
    if (first == 's' || first == 't' || first == 'm' || first == 'd') return at + 2;
    if ((first == 'r' || first == 'v') && second == 'e') return at + 3;
    if (first == 'l' && second == 'l') return at + 3;
    if (any_case && text.substr(at + 1).starts_with("\u017F")) return at + 3;
    return at;
}

} // namespace detail

/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+` (GPT-2, SmolLM).
struct gpt2_split {
    static constexpr std::string_view pattern =
        R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

    [[nodiscard]] std::size_t end(std::string_view text, std::size_t at) const {
        if (const std::size_t contraction = detail::end_of_contraction(text, at, false); contraction > at) {
            return contraction;
        }
        std::size_t start = at;
        if (text[at] == ' ' && at + 1 < text.size()) start = at + 1;
        const character_class kind = class_of(character_at(text, start));
        return kind == character_class::space ? detail::end_of_spaces(text, at) : detail::end_of_run(text, start, kind);
    }
};

/// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
/// ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+` (Llama 3, with runs of up to 3 digits; Qwen 2 with single
/// digits).
struct llama3_split {
    static constexpr std::string_view pattern =
        R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
    static constexpr std::string_view pattern_of_single_digits =
        R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

    std::size_t digits = 3;

    [[nodiscard]] std::size_t end(std::string_view text, std::size_t at) const {
        using enum character_class;
        if (const std::size_t contraction = detail::end_of_contraction(text, at, true); contraction > at) {
            return contraction;
        }
        const character c = character_at(text, at);
        const character_class kind = class_of(c);
        if (kind == letter) return detail::end_of_run(text, at, letter);
        if (kind == number) return detail::end_of_run(text, at, number, digits);
        const std::size_t after = at + c.bytes;
        const character_class next = after < text.size() ? class_of(character_at(text, after)) : space;
        if (next == letter && c.code != '\r' && c.code != '\n') return detail::end_of_run(text, after, letter);
        if (kind == other || (c.code == ' ' && next == other)) {
            std::size_t stop = detail::end_of_run(text, kind == other ? at : after, other);
            while (stop < text.size() && (text[stop] == '\r' || text[stop] == '\n')) ++stop;
            return stop;
        }
        const std::size_t stop = detail::end_of_run(text, at, space);
        const std::size_t line = text.substr(at, stop - at).find_last_of("\r\n");
        return line != std::string_view::npos ? at + line + 1 : detail::end_of_spaces(text, at);
    }
};

} // namespace test
