/// \file
/// Which encoding a text file is written in. Everything here reads UTF-8; spreadsheets also write UTF-16 ("Unicode
/// text"), with a byte-order mark or without, which is recognised and converted. Read as bytes it would be garbage.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

enum class text_encoding : std::uint8_t { utf8, utf16_little, utf16_big, utf32 };

constexpr std::string_view name_of(text_encoding encoding) {
    constexpr std::string_view names[] = {"UTF-8", "UTF-16 (little-endian)", "UTF-16 (big-endian)", "UTF-32"};
    return names[static_cast<std::size_t>(encoding)];
}

/// The encoding that the beginning of a file shows: by its byte-order mark, else UTF-16 by the zero bytes that ASCII
/// characters (separators, digits, line ends) have in it, always on the same side; UTF-8 where neither is seen.
inline text_encoding encoding_of(std::span<const char> beginning) {
    const auto starts = [&](std::string_view mark) {
        return std::string_view(beginning.data(), std::min(beginning.size(), mark.size())) == mark;
    };
    using namespace std::string_view_literals;
    if (starts("\xFF\xFE\0\0"sv) || starts("\0\0\xFE\xFF"sv)) return text_encoding::utf32;
    if (starts("\xFF\xFE"sv)) return text_encoding::utf16_little;
    if (starts("\xFE\xFF"sv)) return text_encoding::utf16_big;
    constexpr std::size_t seen = 4096;
    const std::size_t units = std::min(beginning.size(), seen) / 2;
    std::size_t even = 0, odd = 0, ascii = 0;
    const auto is_ascii = [](char c) { return (c >= ' ' && c <= '~') || c == '\n'; };
    for (std::size_t i = 0; i < units; ++i) {
        even += beginning[2 * i] == '\0';
        odd += beginning[2 * i + 1] == '\0';
        ascii += is_ascii(beginning[2 * i]) && is_ascii(beginning[2 * i + 1]);
    }
    // Few other characters have a zero byte on the other side. Two ASCII bytes are a Chinese character now and then;
    // where most are, a zero byte is one in a text of bytes.
    const auto usual = [&](std::size_t zeros, std::size_t others) {
        return zeros > 0 && zeros >= units / 8 && zeros >= 4 * others && 4 * zeros >= ascii;
    };
    if (usual(odd, even)) return text_encoding::utf16_little;
    if (usual(even, odd)) return text_encoding::utf16_big;
    return text_encoding::utf8;
}

/// Whether the bytes may begin a text in UTF-8: a character that is cut at their end does not speak against it, one in
/// an older encoding (Latin-1, Windows-1252) nearly always does.
inline bool may_be_utf8(std::span<const char> bytes) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const unsigned lead = byte(i);
        if (lead < 0x80) continue;
        if (lead < 0xC2 || lead > 0xF4) return false;
        for (int more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3; more > 0 && i + 1 < bytes.size(); --more)
            if ((byte(++i) & 0xC0U) != 0x80) return false;
    }
    return true;
}

/// UTF-16 into UTF-8, block by block; a byte-order mark becomes that of UTF-8.
class utf16_decoder {
  public:
    explicit utf16_decoder(text_encoding encoding) : encoding_(encoding) {}

    /// The bytes as UTF-8, valid until the next call; what is cut at the block's end waits for the next.
    /// \throws input_error with `file` and the byte of a surrogate without its other half.
    std::span<const char> decode(std::span<const char> bytes, std::string_view file) {
        text_.clear();
        for (const char c : bytes) {
            ++read_;
            if (!std::exchange(half_, !half_)) {
                first_ = c;
                continue;
            }
            const bool big = encoding_ == text_encoding::utf16_big;
            const auto byte = [](char x) { return static_cast<char32_t>(static_cast<unsigned char>(x)); };
            add(big ? byte(first_) << 8 | byte(c) : byte(c) << 8 | byte(first_), file);
        }
        return text_;
    }
    /// \throws input_error when the file ended inside a character.
    void finish(std::string_view file) const {
        require<input_error>(!half_ && high_ == 0, file, ": is ", name_of(encoding_), " and ends inside a character");
    }

  private:
    void add(char32_t unit, std::string_view file) {
        const bool high = unit >= 0xD800 && unit < 0xDC00, low = unit >= 0xDC00 && unit < 0xE000;
        require<input_error>(low == (high_ != 0), file, ": is ", name_of(encoding_), ", and byte ", read_ - 1,
                             " belongs to half a surrogate pair");
        if (high) {
            high_ = unit;
            return;
        }
        const char32_t code = low ? 0x10000 + ((std::exchange(high_, 0) - 0xD800) << 10 | (unit - 0xDC00)) : unit;
        const auto put = [&](char32_t bits) { text_.push_back(static_cast<char>(bits)); };
        const auto tail = [&](int shift) { put(0x80 | (code >> shift & 0x3F)); };
        if (code < 0x80) {
            put(code);
        } else if (code < 0x800) {
            put(0xC0 | code >> 6), tail(0);
        } else if (code < 0x10000) {
            put(0xE0 | code >> 12), tail(6), tail(0);
        } else {
            put(0xF0 | code >> 18), tail(12), tail(6), tail(0);
        }
    }

    text_encoding encoding_;
    std::vector<char> text_;
    std::size_t read_ = 0;
    char first_ = 0;
    bool half_ = false;
    char32_t high_ = 0; // a surrogate that waits for the other
};

} // namespace preflearn
