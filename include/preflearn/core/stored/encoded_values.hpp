/// \file
/// Numbers become stored elements, the way back of stored_values.hpp: plain numbers rounded to nearest even, and ggml's
/// Q8_0 with the rounding of llama.cpp.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <preflearn/core/numbers/half.hpp>
#include <preflearn/core/stored/element.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

namespace detail {

/// One block of Q8_0: the largest of 32 numbers becomes ±127 steps. The steps are counted before their size is rounded
/// to F16, and halves are rounded away from zero, as in llama.cpp. A number that is not finite makes NaN of the block.
inline void encode_q8_0(const float* numbers, std::byte* block) {
    float largest = 0;
    bool finite = true;
    for (std::size_t i = 0; i < q8_0_format::elements; ++i) {
        finite = finite && std::isfinite(numbers[i]);
        largest = std::max(largest, std::abs(numbers[i]));
    }
    const float step = largest / 127;
    const float inverse = step != 0 ? 1 / step : 0; // infinite where the step has no inverse: then all is 0
    const std::uint16_t stored_step = finite ? f16_of_float(step) : std::uint16_t{0x7e00};
    std::memcpy(block, &stored_step, sizeof stored_step);
    for (std::size_t i = 0; i < q8_0_format::elements; ++i) {
        const float steps = finite && std::isfinite(inverse) ? std::round(numbers[i] * inverse) : 0;
        block[2 + i] = static_cast<std::byte>(static_cast<std::int8_t>(steps));
    }
}

} // namespace detail

/// Numbers stored as F64, F32, F16, BF16 or Q8_0, ready to be a tensor's bytes. What is too large for F16 becomes
/// infinite. \throws argument_error for another type, or when the numbers do not fill whole blocks.
template <std::floating_point T> std::vector<std::byte> encode_values(std::span<const T> values, element_type type) {
    const auto stored = [&]<class Encode>(Encode encode) {
        using stored_type = decltype(encode(T{}));
        std::vector<std::byte> bytes(values.size() * sizeof(stored_type));
        for (std::size_t i = 0; i < values.size(); ++i) {
            const stored_type value = encode(values[i]);
            std::memcpy(bytes.data() + i * sizeof value, &value, sizeof value);
        }
        return bytes;
    };
    switch (type) {
    case element_type::f64:
        return stored([](T x) { return static_cast<double>(x); });
    case element_type::f32:
        return stored([](T x) { return static_cast<float>(x); });
    case element_type::f16:
        return stored([](T x) { return f16_of_float(static_cast<float>(x)); });
    case element_type::bf16:
        return stored([](T x) { return bf16_of_float(static_cast<float>(x)); });
    case element_type::q8_0: {
        constexpr std::size_t elements = q8_0_format::elements;
        require(values.size() % elements == 0, values.size(), " values do not fill blocks of ", elements, " (Q8_0)");
        std::vector<std::byte> bytes(values.size() / elements * q8_0_format::bytes);
        float numbers[elements];
        for (std::size_t block = 0; block < values.size() / elements; ++block) {
            for (std::size_t i = 0; i < elements; ++i) numbers[i] = static_cast<float>(values[block * elements + i]);
            detail::encode_q8_0(numbers, bytes.data() + block * q8_0_format::bytes);
        }
        return bytes;
    }
    default:
        throw argument_error(
            message("values cannot be stored as ", name_of(type), "; F64, F32, F16, BF16 or Q8_0 can"));
    }
}

} // namespace preflearn
