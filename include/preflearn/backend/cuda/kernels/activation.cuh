/// \file
/// What an MLP does between its products, on a device: y = f(gate) · up of the two side by side, or y = f(x). N rows of
/// f outputs of e bytes:
///
///     gated    3Nfe    gate, up, write; about 10 Nf FLOPs and an exponential each
///     plain    2Nfe    x, write
///
/// Launch: pieces of rows as in rows.cuh. Gate and up come from one product with 2f outputs; cuBLASLt has epilogues
/// with ReLU and GELU, none that is gated, so the kernel is what stands between the two products of an MLP. The
/// formulas are the processor's, in float: f(−∞) of all but relu is NaN, as there.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>

#include <preflearn/backend/cuda/kernels/device.cuh>
#include <preflearn/backend/cuda/kernels/rows.cuh>
#include <preflearn/backend/cuda/operations.hpp>

namespace preflearn::cuda {

/// x σ(x); x Φ(x); x σ(2u) with u = √(2/π) (x + 0.044715 x³), which is x (1 + tanh u) / 2; max(x, 0), NaN staying.
__device__ inline float activated(activation_kind kind, float x) {
    switch (kind) {
    case activation_kind::silu:
        return x / (1 + expf(-x));
    case activation_kind::gelu:
        return x * (0.5F * erfcf(x * -0.70710678118654752440F));
    case activation_kind::gelu_tanh:
        return x / (1 + expf(x * (x * x * -0.071354816272600247F - 1.5957691216057307117F)));
    case activation_kind::relu:
        break;
    }
    return x < 0 ? 0.0F : x;
}

template <bool Gated, Element E> struct activate_piece {
    device_rows<const E> x;
    device_rows<E> y;
    activation_kind kind;

    template <unsigned Width> __device__ void run(std::size_t row, std::size_t column) const {
        const E* const from = x.data + row * x.stride + column;
        auto values = load_piece<Width>(from);
        if constexpr (Gated) {
            const auto up = load_piece<Width>(from + y.columns);
            for (unsigned i = 0; i < Width; ++i)
                values[i] = narrow<E>(activated(kind, widen(values[i])) * widen(up[i]));
        } else {
            for (unsigned i = 0; i < Width; ++i) values[i] = narrow<E>(activated(kind, widen(values[i])));
        }
        store_piece(y.data + row * y.stride + column, values);
    }
};

// ---- the operation

template <Element E>
void activate(device_rows<const E> x, mlp_kind mlp, activation_kind kind, device_rows<E> y, cudaStream_t stream) {
    constexpr unsigned width = 16 / sizeof(E);
    if (mlp == mlp_kind::gated) {
        const bool packs = takes_packs<width>(x) && takes_packs<width>(y); // y.columns, too: up begins at a pack
        return start_pieces<width>(packs, y.rows, y.columns, activate_piece<true, E>{x, y, kind}, stream);
    }
    if (without_gaps(x) && without_gaps(y)) x = one_row(x), y = one_row(y);
    start_pieces<width>(takes_packs<width>(x) && takes_packs<width>(y), y.rows, y.columns,
                        activate_piece<false, E>{x, y, kind}, stream);
}

template void activate<float>(device_rows<const float>, mlp_kind, activation_kind, device_rows<float>, cudaStream_t);
template void activate<bfloat16>(device_rows<const bfloat16>, mlp_kind, activation_kind, device_rows<bfloat16>,
                                 cudaStream_t);
template void activate<float16>(device_rows<const float16>, mlp_kind, activation_kind, device_rows<float16>,
                                cudaStream_t);

} // namespace preflearn::cuda
