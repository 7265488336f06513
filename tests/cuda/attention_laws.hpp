/// \file
/// What attention must do for every type of elements: every shape right, equal bits under every schedule.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <emulator.hpp>

#include "attention_problem.hpp"

namespace attention_tests {

/// A packed batch with sequences of one token, of none, of a tile and of more, with shared prompts.
inline sequences mixed_batch() {
    return sequences{}.add_group(1).add_group(5, {3, 0, 1, 9}).add_group(0).add_group(17, {20, 2}).add_group(70);
}
/// One query a sequence, after so many tokens that blocks of keys are full, lack one or have one more; and none.
inline sequences decoding() {
    sequences s;
    for (const std::size_t before : {0U, 1U, 31U, 32U, 63U, 64U, 65U, 130U}) s.add_cached(before, 1, before % 3);
    return s.add_cached(3, 0, 1);
}

/// Shapes of heads that both kernels must take: heads, key heads, dim.
inline std::vector<attention_shape> head_shapes() {
    std::vector<attention_shape> shapes;
    for (const std::size_t dim :
         {1U, 2U, 3U, 4U, 8U, 12U, 16U, 20U, 31U, 33U, 40U, 64U, 72U, 80U, 96U, 104U, 128U, 130U, 200U, 256U})
        shapes.push_back({.heads = 2, .key_value_heads = 1, .dim = dim});
    return shapes;
}

template <class E> void check_widths() {
    for (const attention_shape& shape : head_shapes())
        check_attention(attention_problem<E>(shape, sequences{}.add_group(9, {4, 35}), shape.dim % 2 * 3));
}

template <class E> void check_batches() {
    for (const std::size_t sharing : {1U, 3U, 4U, 8U}) {
        const std::size_t key_heads = sharing < 4 ? 2 : 1;
        const attention_shape shape{.heads = key_heads * sharing, .key_value_heads = key_heads, .dim = 16};
        check_attention(attention_problem<E>(shape, mixed_batch()));
        check_attention(attention_problem<E>(shape, mixed_batch(), 8));
        check_attention(attention_problem<E>(shape, decoding()));
        check_attention(attention_problem<E>(shape, sequences{}.add_cached(40, 30, 2).add_cached(0, 3, 0)));
    }
}

template <class E> void check_scores() {
    for (const std::size_t window : {1U, 3U, 32U, 40U, 64U, 1000U})
        for (const sequences& rows : {mixed_batch(), decoding()})
            check_attention(
                attention_problem<E>({.heads = 4, .key_value_heads = 1, .dim = 12, .window = window}, rows, 4));
    check_attention(attention_problem<E>({.heads = 4, .key_value_heads = 2, .dim = 8, .scale = 0.7}, mixed_batch()));
    check_attention(
        attention_problem<E>({.heads = 4, .key_value_heads = 2, .dim = 8, .scale = 2, .cap = 1.5}, mixed_batch()));
    check_attention(attention_problem<E>(
        {.heads = 3, .key_value_heads = 3, .dim = 8, .scale = 1, .window = 21, .cap = 5}, mixed_batch()));
}

/// More heads share a key than a tile has rows.
template <class E> void check_many_heads() {
    check_attention(attention_problem<E>({.heads = 71, .key_value_heads = 1, .dim = 4}, sequences{}.add_group(3, {2})));
    check_attention(attention_problem<E>({.heads = 65, .key_value_heads = 1, .dim = 4}, sequences{}.add_group(2)));
    check_attention(attention_problem<E>({.heads = 66, .key_value_heads = 2, .dim = 4}, sequences{}.add_group(5)));
}

/// Equal input gives equal bits, whatever the schedule.
template <class E> void check_schedules(const attention_shape& shape, const cuda::attention_parts& parts = {}) {
    for (const sequences& rows : {mixed_batch(), decoding()}) {
        if (parts.count > 1 && rows.place == own_keys::beside_queries) continue; // it is decoding that shares out keys
        const attention_problem<E> problem(shape, rows, 8);
        const attention_result right = problem.reference(), first = problem.on_device(parts);
        emulator::for_schedules(10, [&](std::uint64_t) {
            const attention_result found = problem.on_device(parts);
            CHECK(attention_difference(found, right, shape.dim).mixed < tolerance<E>);
            CHECK(found.mixed == first.mixed);
            CHECK(found.normaliser == first.normaliser);
        });
    }
}

} // namespace attention_tests
