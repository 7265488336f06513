/// \file
/// The element types of stored tensors. A type is one small struct ("format"): how many elements a block holds,
/// in how many bytes, and how a block becomes numbers. A new quantisation is one struct and one line in
/// `with_format`; names, sizes and conversions follow from it.
// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <preflearn/core/numbers/half.hpp>
#include <preflearn/core/stored/quantised.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

static_assert(std::endian::native == std::endian::little, "checkpoint files are little-endian and are read in place");

enum class element_type : std::uint8_t {
    f64,
    f32,
    f16,
    bf16,
    i64,
    i32,
    i16,
    i8,
    u64,
    u32,
    u16,
    u8,
    boolean,
    q8_0,
    q4_0,
    q4_1,
    q5_0,
    q5_1,
    q2_k,
    q3_k,
    q4_k,
    q5_k,
    q6_k,
};

/// Blocks of one plain number.
template <class Stored> struct plain_format {
    static constexpr std::size_t elements = 1;
    static constexpr std::size_t bytes = sizeof(Stored);
    template <class T> static void decode(const std::byte* block, T* out) {
        Stored value;
        std::memcpy(&value, block, sizeof value);
        *out = static_cast<T>(value);
    }
};
struct boolean_format {
    static constexpr std::size_t elements = 1;
    static constexpr std::size_t bytes = 1;
    template <class T> static void decode(const std::byte* block, T* out) { *out = T(*block != std::byte{0}); }
};
template <float (*FloatOf)(std::uint16_t)> struct half_format {
    static constexpr std::size_t elements = 1;
    static constexpr std::size_t bytes = 2;
    template <class T> static void decode(const std::byte* block, T* out) {
        std::uint16_t bits;
        std::memcpy(&bits, block, sizeof bits);
        *out = static_cast<T>(FloatOf(bits));
    }
};

/// Calls `use(name, format)` with the format of `type`, and returns what it returns.
template <class Use> constexpr decltype(auto) with_format(element_type type, Use&& use) {
    switch (type) {
    case element_type::f64:
        return use("F64", plain_format<double>{});
    case element_type::f32:
        return use("F32", plain_format<float>{});
    case element_type::f16:
        return use("F16", half_format<float_of_f16>{});
    case element_type::bf16:
        return use("BF16", half_format<float_of_bf16>{});
    case element_type::i64:
        return use("I64", plain_format<std::int64_t>{});
    case element_type::i32:
        return use("I32", plain_format<std::int32_t>{});
    case element_type::i16:
        return use("I16", plain_format<std::int16_t>{});
    case element_type::i8:
        return use("I8", plain_format<std::int8_t>{});
    case element_type::u64:
        return use("U64", plain_format<std::uint64_t>{});
    case element_type::u32:
        return use("U32", plain_format<std::uint32_t>{});
    case element_type::u16:
        return use("U16", plain_format<std::uint16_t>{});
    case element_type::u8:
        return use("U8", plain_format<std::uint8_t>{});
    case element_type::boolean:
        return use("BOOL", boolean_format{});
    case element_type::q8_0:
        return use("Q8_0", q8_0_format{});
    case element_type::q4_0:
        return use("Q4_0", q4_0_format{});
    case element_type::q4_1:
        return use("Q4_1", q4_1_format{});
    case element_type::q5_0:
        return use("Q5_0", q5_0_format{});
    case element_type::q5_1:
        return use("Q5_1", q5_1_format{});
    case element_type::q2_k:
        return use("Q2_K", q2_k_format{});
    case element_type::q3_k:
        return use("Q3_K", q3_k_format{});
    case element_type::q4_k:
        return use("Q4_K", q4_k_format{});
    case element_type::q5_k:
        return use("Q5_K", q5_k_format{});
    case element_type::q6_k:
        return use("Q6_K", q6_k_format{});
    }
    throw argument_error(message("element type ", static_cast<int>(type), " does not exist"));
}

/// "F32", "BF16", "Q4_1", …: the names that safetensors and ggml use.
constexpr std::string_view name_of(element_type type) {
    return with_format(type, [](std::string_view name, auto) { return name; });
}
/// How many elements share a block (1 for plain numbers). Rows consist of whole blocks.
constexpr std::size_t block_elements(element_type type) {
    return with_format(type, [](std::string_view, auto format) { return decltype(format)::elements; });
}
constexpr std::size_t block_bytes(element_type type) {
    return with_format(type, [](std::string_view, auto format) { return decltype(format)::bytes; });
}

} // namespace preflearn
