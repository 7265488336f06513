/// \file
/// Stored matrices of random blocks with sensible scales, for the tests of what reads them.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include <preflearn/core/numbers/half.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/stored/stored_matrix.hpp>

namespace test {

/// Where a block has scales: F16 numbers at these bytes.
inline std::vector<std::size_t> scales_of(preflearn::element_type type) {
    using preflearn::element_type;
    switch (type) {
    case element_type::q8_0:
    case element_type::q4_0:
    case element_type::q5_0:
        return {0};
    case element_type::q4_1:
    case element_type::q5_1:
    case element_type::q4_k:
    case element_type::q5_k:
        return {0, 2};
    case element_type::q2_k:
        return {80, 82};
    case element_type::q3_k:
        return {108};
    case element_type::q6_k:
        return {208};
    default:
        return {};
    }
}

/// Real numbers and quantised blocks.
inline std::vector<preflearn::element_type> stored_types() {
    using preflearn::element_type;
    return {element_type::f64,  element_type::f32,  element_type::f16,  element_type::bf16, element_type::q8_0,
            element_type::q4_0, element_type::q4_1, element_type::q5_0, element_type::q5_1, element_type::q2_k,
            element_type::q3_k, element_type::q4_k, element_type::q5_k, element_type::q6_k};
}

/// Random bits in blocks whose scales, of both signs, are about 0.01; plain numbers are normal ones.
inline preflearn::stored_matrix random_stored(preflearn::element_type type, std::size_t rows, std::size_t columns) {
    using namespace preflearn;
    generator random(5, "stored", static_cast<std::uint64_t>(type));
    const auto bytes = std::make_shared<std::vector<std::byte>>(bytes_of(type, rows * columns));
    const std::size_t size = block_bytes(type);
    for (std::size_t at = 0; at < bytes->size(); at += size) {
        std::byte* const block = bytes->data() + at;
        const auto put = [&](auto number, std::size_t to) { std::memcpy(block + to, &number, sizeof number); };
        switch (type) {
        case element_type::f64:
            put(random.normal(), 0);
            break;
        case element_type::f32:
            put(static_cast<float>(random.normal()), 0);
            break;
        case element_type::f16:
            put(f16_of_float(static_cast<float>(random.normal())), 0);
            break;
        case element_type::bf16:
            put(bf16_of_float(static_cast<float>(random.normal())), 0);
            break;
        default:
            for (std::size_t i = 0; i < size; ++i) block[i] = static_cast<std::byte>(random() & 255U);
            for (const std::size_t scale : scales_of(type))
                put(f16_of_float(0.01F * static_cast<float>(random.normal())), scale);
        }
    }
    return {.type = type, .rows = rows, .columns = columns, .bytes = *bytes, .owner = bytes};
}

} // namespace test
