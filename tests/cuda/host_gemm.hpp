/// \file
/// The products of a CUDA backend on the emulator, whose device memory the host reads: the Gemm concept in the same
/// column-major terms as cuBLASLt, every element one sum in `Sum`, rounded once.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <vector>

#include <cuda_runtime_api.h>

#include <preflearn/backend/cuda/gemm.hpp>
#include <preflearn/backend/cuda/operations.hpp>
#include <preflearn/core/concepts.hpp>

namespace test {

/// Sum: double, for a reference, or float, as a device.
template <std::floating_point Sum = double> struct host_gemm {
    static constexpr std::string_view name = "host";

    template <preflearn::cuda::Element E, preflearn::cuda::Element Out>
    static void multiply(const preflearn::cuda::gemm_shape& shape, const preflearn::cuda::gemm_operands<E, Out>& given,
                         cudaStream_t /*stream*/) {
        using preflearn::transpose;
        shape.check();
        if (shape.empty()) return;
        // op(A)'s rows and op(B)'s columns, each side by side
        const std::vector<Sum> a = gathered(given.a, shape.m, shape.k, shape.lda, shape.a == transpose::yes),
                               b = gathered(given.b, shape.n, shape.k, shape.ldb, shape.b == transpose::no);
        for (std::size_t j = 0; j < shape.n; ++j) {
            for (std::size_t i = 0; i < shape.m; ++i) {
                Sum sum = 0;
                for (std::size_t l = 0; l < shape.k; ++l) sum += a[i * shape.k + l] * b[j * shape.k + l];
                Out& c = given.c[i + j * shape.ldc];
                sum *= static_cast<Sum>(given.alpha);
                if (given.beta != 0) sum += static_cast<Sum>(given.beta) * static_cast<Sum>(static_cast<float>(c));
                if (given.bias != nullptr) sum += static_cast<Sum>(static_cast<float>(given.bias[i]));
                c = Out(static_cast<float>(sum));
            }
        }
    }

  private:
    /// `count` vectors of `size`, that stand beside each other in memory, or, where they lie across it, are picked up.
    template <class E>
    static std::vector<Sum> gathered(const E* from, std::size_t count, std::size_t size, std::size_t ld, bool along) {
        std::vector<Sum> all(count * size);
        for (std::size_t v = 0; v < count; ++v)
            for (std::size_t l = 0; l < size; ++l)
                all[v * size + l] = static_cast<Sum>(static_cast<float>(along ? from[l + v * ld] : from[v + l * ld]));
        return all;
    }
};

} // namespace test
