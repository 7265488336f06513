/// \file
/// 64-bit fingerprints of data and parameters, by which a checkpoint or a cache knows what it belongs to.
/// Eight bytes at a time through the finaliser of SplitMix64 (Steele, Lea & Flood 2014); not for adversaries.
// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// Takes values one after the other; what comes out depends on all of them, their order and their lengths.
class fingerprint {
  public:
    void add_bytes(std::span<const std::byte> bytes) {
        mix(bytes.size());
        std::size_t at = 0;
        for (; at + 8 <= bytes.size(); at += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, bytes.data() + at, 8);
            mix(word);
        }
        std::uint64_t rest = 0;
        if (at < bytes.size()) std::memcpy(&rest, bytes.data() + at, bytes.size() - at);
        mix(rest);
    }

    /// Numbers, texts, ranges (of ranges), completions, comparisons, triples, ranked lists, and any type with a const
    /// member `add_to(fingerprint&)`. \throws argument_error for a type that it cannot see into: other data would pass
    /// for the same.
    template <class T> void add(const T& value) {
        if constexpr (std::ranges::contiguous_range<const T>) {
            using element = std::ranges::range_value_t<const T>;
            if constexpr (std::is_arithmetic_v<element> || std::is_enum_v<element>) {
                add_bytes(std::as_bytes(std::span(std::ranges::data(value), std::ranges::size(value))));
            } else {
                add_each(value);
            }
        } else if constexpr (std::ranges::input_range<const T>) {
            add_each(value);
        } else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
            add_bytes(std::as_bytes(std::span(&value, 1)));
        } else if constexpr (requires { value.prompt, value.response; }) {
            add(value.prompt);
            add(value.response);
        } else if constexpr (requires { value.id, value.prompt, value.responses; }) {
            mix(static_cast<std::uint64_t>(value.id));
            add(value.prompt);
            add(value.responses);
        } else if constexpr (Comparison<T>) {
            mix(static_cast<std::uint64_t>(value.id));
            add(value.prompt);
            add(value.first);
            add(value.second);
            if constexpr (requires { value.gold; }) add(value.gold);
        } else if constexpr (requires { value.add_to(*this); }) {
            value.add_to(*this);
        } else if constexpr (!std::is_empty_v<T>) {
            throw argument_error("a kept run or a cache is known by its data, and prompts or responses are of a type "
                                 "that is no number, text or range of them: it needs a const member "
                                 "add_to(preflearn::fingerprint&) that adds what it holds");
        }
    }

    [[nodiscard]] std::uint64_t value() const { return state_; }
    /// Sixteen hexadecimal digits.
    [[nodiscard]] std::string text() const {
        std::string digits(16, '0');
        for (std::size_t i = 0; i < 16; ++i) digits[i] = "0123456789abcdef"[(state_ >> (60 - 4 * i)) & 15];
        return digits;
    }

  private:
    template <class Range> void add_each(const Range& values) {
        std::uint64_t count = 0;
        for (const auto& value : values) {
            add(value);
            ++count;
        }
        mix(count);
    }
    void mix(std::uint64_t word) {
        std::uint64_t x = (std::rotl(state_, 5) ^ word) + 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        state_ = x ^ (x >> 31);
    }

    std::uint64_t state_ = 0;
};

template <class T> std::string fingerprint_of(const T& value) {
    fingerprint print;
    print.add(value);
    return print.text();
}

} // namespace preflearn
