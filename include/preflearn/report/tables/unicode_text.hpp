/// \file
/// UTF-8 as reports need it: code points, columns on a terminal, and text made safe to print. Widths follow
/// Unicode's East Asian Width and combining marks in ranges, not character by character: a rare script may be
/// a column off. The text room has the exact tables; a table of results does not need them.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace preflearn {

/// Removes the first code point from `text`, which must not be empty, and returns it; of bytes that are not UTF-8
/// it removes at least one and returns U+FFFD.
constexpr char32_t take_code_point(std::string_view& text) {
    const auto byte = [](char c) { return static_cast<char32_t>(static_cast<unsigned char>(c)); };
    const char32_t lead = byte(text.front());
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    char32_t code = length < 2 ? lead : lead & (0x7FU >> length);
    std::size_t used = 1;
    for (; used < std::min(length, text.size()) && (byte(text[used]) & 0xC0U) == 0x80; ++used) {
        code = code << 6 | (byte(text[used]) & 0x3FU);
    }
    text.remove_prefix(used);
    const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    const bool surrogate = code >= 0xD800 && code < 0xE000;
    return used == length && !overlong && !surrogate && code <= 0x10FFFF ? code : U'\uFFFD';
}

/// Columns of one code point on a terminal: 0 for marks that combine, 2 for wide East Asian characters and emoji.
constexpr std::size_t display_width(char32_t code) {
    struct range {
        char32_t first, last;
    };
    constexpr range combining[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},  {0x064B, 0x065F},
                                   {0x200B, 0x200F}, {0x2060, 0x2064}, {0x20D0, 0x20FF},  {0xFE00, 0xFE0F},
                                   {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xE0100, 0xE01EF}};
    constexpr range wide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},  {0xAC00, 0xD7A3},
                              {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},  {0xFFE0, 0xFFE6},
                              {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
    const auto holds = [&](const range& r) { return r.first <= code && code <= r.last; };
    return std::ranges::any_of(combining, holds) ? 0 : std::ranges::any_of(wide, holds) ? 2 : 1;
}

/// Columns of a text on a terminal.
constexpr std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) width += display_width(take_code_point(text));
    return width;
}

/// The text as valid UTF-8 on one line: control characters and those that turn the direction of writing are escaped as
/// in C (\n, \x1B, \u202E), invalid bytes become U+FFFD. Names that come from data cannot break a table, an XML file or
/// a terminal, and two different names do not look the same.
inline std::string printable(std::string_view text) {
    const auto within = [](char32_t code, char32_t first, char32_t last) { return first <= code && code <= last; };
    const auto hexadecimal = [](char32_t code, int digits) {
        std::string shown;
        for (int shift = 4 * digits - 4; shift >= 0; shift -= 4) shown += "0123456789ABCDEF"[code >> shift & 0xF];
        return shown;
    };
    std::string safe;
    while (!text.empty()) {
        const std::string_view rest = text;
        const char32_t code = take_code_point(text);
        const bool valid = code != U'\uFFFD' && (code & 0xFFFEU) != 0xFFFE; // the latter are not characters, nor XML
        if (code == U'\n' || code == U'\r' || code == U'\t') {
            safe += code == U'\n' ? "\\n" : code == U'\r' ? "\\r" : "\\t";
        } else if (code < 0x20 || within(code, 0x7F, 0x9F)) {
            safe += "\\x" + hexadecimal(code, 2);
        } else if (within(code, 0x2028, 0x202E) || within(code, 0x2066, 0x2069)) {
            safe += "\\u" + hexadecimal(code, 4);
        } else {
            safe += valid ? rest.substr(0, rest.size() - text.size()) : "\uFFFD";
        }
    }
    return safe;
}

} // namespace preflearn
