/// \file
/// UTF-8 by character, and the character classes \p{L}, \p{N} and \s that pre-tokenisation is defined by
/// (categories from utf8proc). A byte that is not part of valid UTF-8 is a character of its own, of class `other`:
/// no byte is ever lost or replaced.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <utf8proc.h>

namespace preflearn {

/// What the split patterns tell apart: \p{L}, \p{N}, \s and the rest.
enum class character_class : std::uint8_t { letter, number, space, other };

/// A character of a text and the bytes it takes there (1 to 4).
struct character {
    char32_t code = 0;
    std::uint8_t bytes = 1;
    bool valid = true; ///< false: `code` is a lone byte that is not UTF-8
};

/// The character that begins at byte `at` < text.size(). Overlong forms, surrogates and codes above U+10FFFF are
/// invalid.
constexpr character character_at(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return {lead, 1, true};
    const std::uint8_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() - at < length) return {lead, 1, false};
    char32_t code = lead & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80) return {lead, 1, false};
        code = code << 6 | (byte(i) & 0x3FU);
    }
    constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < least[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {lead, 1, false};
    return {code, length, true};
}

/// Appends a code point as UTF-8.
constexpr void append_utf8(std::string& text, char32_t code) {
    const auto put = [&](char32_t byte) { text.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0 | code >> 6);
        put(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        put(0xE0 | code >> 12);
        put(0x80 | (code >> 6 & 0x3F));
        put(0x80 | (code & 0x3F));
    } else {
        put(0xF0 | code >> 18);
        put(0x80 | (code >> 12 & 0x3F));
        put(0x80 | (code >> 6 & 0x3F));
        put(0x80 | (code & 0x3F));
    }
}

/// Unicode's White_Space property, which is what \s matches.
constexpr bool is_space(char32_t code) {
    return (code >= 0x9 && code <= 0xD) || code == 0x20 || code == 0x85 || code == 0xA0 || code == 0x1680 ||
           (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F ||
           code == 0x3000;
}

namespace detail {

struct code_range {
    char32_t first, last;
};
/// Letters and numbers that Unicode 15.1 and 16 added, for versions of utf8proc (2.8 and before) that lack them.
inline constexpr code_range young_letters[] = {
    {0x1C89, 0x1C8A},   {0xA7CB, 0xA7CD},   {0xA7DA, 0xA7DC},   {0x105C0, 0x105F3}, {0x10D4A, 0x10D65},
    {0x10D6F, 0x10D85}, {0x10EC2, 0x10EC4}, {0x11380, 0x11389}, {0x1138B, 0x1138B}, {0x1138E, 0x1138E},
    {0x11390, 0x113B5}, {0x113B7, 0x113B7}, {0x113D1, 0x113D1}, {0x113D3, 0x113D3}, {0x11BC0, 0x11BE0},
    {0x13460, 0x143FA}, {0x16100, 0x1611D}, {0x16D40, 0x16D6C}, {0x18CFF, 0x18CFF}, {0x1E5D0, 0x1E5ED},
    {0x1E5F0, 0x1E5F0}, {0x2EBF0, 0x2EE5D}};
inline constexpr code_range young_numbers[] = {{0x10D40, 0x10D49}, {0x116D0, 0x116E3}, {0x11BF0, 0x11BF9},
                                               {0x16130, 0x16139}, {0x16D70, 0x16D79}, {0x1CCF0, 0x1CCF9},
                                               {0x1E5F1, 0x1E5FA}};
constexpr bool is_in(char32_t code, std::span<const code_range> ranges) {
    return std::ranges::any_of(ranges, [&](code_range range) { return code >= range.first && code <= range.last; });
}

} // namespace detail

/// The class of a code point, as of Unicode 16; characters younger than that are `other`.
inline character_class class_of(char32_t code) {
    if (code < 0x80) {
        if ((code | 0x20U) >= 'a' && (code | 0x20U) <= 'z') return character_class::letter;
        if (code >= '0' && code <= '9') return character_class::number;
        return is_space(code) ? character_class::space : character_class::other;
    }
    if (is_space(code)) return character_class::space;
    switch (utf8proc_category(static_cast<utf8proc_int32_t>(code))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
        return character_class::letter;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return character_class::number;
    case UTF8PROC_CATEGORY_CN:
        if (detail::is_in(code, detail::young_letters)) return character_class::letter;
        return detail::is_in(code, detail::young_numbers) ? character_class::number : character_class::other;
    default:
        return character_class::other;
    }
}
inline character_class class_of(const character& c) { return c.valid ? class_of(c.code) : character_class::other; }

/// \w: letters, marks, decimal and letter numbers, connectors.
inline bool is_word(char32_t code) {
    const auto kind = utf8proc_category(static_cast<utf8proc_int32_t>(code));
    return class_of(code) == character_class::letter || kind == UTF8PROC_CATEGORY_MN || kind == UTF8PROC_CATEGORY_MC ||
           kind == UTF8PROC_CATEGORY_ME || kind == UTF8PROC_CATEGORY_ND || kind == UTF8PROC_CATEGORY_NL ||
           kind == UTF8PROC_CATEGORY_PC || code == 0x200C || code == 0x200D;
}

/// The start of the last character of a text that is not empty.
constexpr std::size_t last_character(std::string_view text) {
    for (std::size_t back = 1; back <= 4 && back <= text.size(); ++back) {
        const std::size_t at = text.size() - back;
        if (const character c = character_at(text, at); c.valid && c.bytes == back) return at;
    }
    return text.size() - 1;
}

/// The text without the white space (as Unicode has it) at its end.
constexpr std::string_view without_space_at_end(std::string_view text) {
    while (!text.empty()) {
        const std::size_t last = last_character(text);
        const character c = character_at(text, last);
        if (!c.valid || !is_space(c.code)) break;
        text = text.substr(0, last);
    }
    return text;
}

/// The same at its beginning.
constexpr std::string_view without_space_at_start(std::string_view text) {
    while (!text.empty()) {
        const character c = character_at(text, 0);
        if (!c.valid || !is_space(c.code)) break;
        text.remove_prefix(c.bytes);
    }
    return text;
}

} // namespace preflearn
