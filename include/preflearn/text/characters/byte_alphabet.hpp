/// \file
/// GPT-2's alphabet: each of the 256 bytes is written as one printable character, so that byte-level vocabularies
/// can be stored as text. Printable Latin-1 bytes stand for themselves; the other 68 become U+0100, U+0101, …
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <preflearn/text/characters/unicode.hpp>

namespace preflearn {

/// The character of each byte.
inline constexpr std::array<char32_t, 256> byte_alphabet = [] {
    std::array<char32_t, 256> letters{};
    char32_t next = 0x100;
    for (char32_t byte = 0; byte < 256; ++byte) {
        const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
        letters[byte] = printable ? byte : next++;
    }
    return letters;
}();

/// Appends the bytes of `raw` in the alphabet.
inline void append_in_byte_alphabet(std::string& text, std::string_view raw) {
    for (const char byte : raw) append_utf8(text, byte_alphabet[static_cast<unsigned char>(byte)]);
}

/// The bytes that a text of the alphabet stands for; nothing when it has a character from outside.
inline std::optional<std::string> bytes_from_alphabet(std::string_view text) {
    static constexpr auto byte_of = [] {
        std::array<std::int16_t, 0x144> bytes{};
        bytes.fill(-1);
        for (std::size_t byte = 0; byte < 256; ++byte) bytes[byte_alphabet[byte]] = static_cast<std::int16_t>(byte);
        return bytes;
    }();
    std::string raw;
    for (std::size_t at = 0; at < text.size();) {
        const character c = character_at(text, at);
        if (!c.valid || c.code >= byte_of.size() || byte_of[c.code] < 0) return std::nullopt;
        raw.push_back(static_cast<char>(byte_of[c.code]));
        at += c.bytes;
    }
    return raw;
}

} // namespace preflearn
