/// \file
/// The CUDA backends of the tests, whose products are the host's, and arrays on them.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <preflearn/backend/cpu.hpp>
#include <preflearn/backend/cuda/backend.hpp>
#include <preflearn/core/numbers/half.hpp>

#include "../parts.hpp"
#include "host_gemm.hpp"

namespace test {

template <class E> using on_cuda = preflearn::cuda_backend<E, host_gemm<>>;
using cuda_float = on_cuda<float>;
using cuda_bfloat16 = on_cuda<preflearn::bfloat16>;
using cuda_float16 = on_cuda<preflearn::float16>;

/// Normal numbers that bfloat16 and float16 hold exactly.
inline std::vector<float> plain_numbers(std::size_t count, std::uint64_t stream, double scale = 1) {
    std::vector<float> numbers;
    for (const double x : normals(count, stream, scale))
        numbers.push_back(static_cast<float>(preflearn::bfloat16(static_cast<float>(x))));
    return numbers;
}
template <class B>
typename B::template array<float> array_of(std::span<const float> numbers, std::size_t rows, std::size_t columns) {
    typename B::template array<float> made(rows, columns);
    B::upload(numbers, made.view());
    return made;
}
template <class B> std::vector<float> numbers_of(typename B::template view<const float> view) {
    std::vector<float> numbers(view.rows * view.columns);
    B::download(view, std::span<float>(numbers));
    return numbers;
}

} // namespace test
