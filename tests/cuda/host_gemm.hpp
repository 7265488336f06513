/// \file
/// The products of a CUDA backend by the host, of copies of the device's memory: the Gemm concept in the same
/// column-major terms as cuBLASLt, every element one sum in `Sum`, rounded once. On the emulator as on a device.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>
#include <vector>

#include <cuda_runtime_api.h>

#include <preflearn/backend/cuda/error.hpp>
#include <preflearn/backend/cuda/gemm.hpp>
#include <preflearn/backend/cuda/operations.hpp>
#include <preflearn/core/concepts.hpp>

namespace test {

/// Sum: double, for a reference, or float, as a device has it.
template <std::floating_point Sum = double> struct host_gemm {
    static constexpr std::string_view name = "host";

    template <preflearn::cuda::Element E, preflearn::cuda::Element Out>
    static void multiply(const preflearn::cuda::gemm_shape& shape, const preflearn::cuda::gemm_operands<E, Out>& given,
                         cudaStream_t stream) {
        using preflearn::transpose;
        shape.check();
        if (shape.empty()) return;
        const column_major<E> a(given.a, shape.a_rows(), shape.a_columns(), shape.lda, stream),
            b(given.b, shape.b_rows(), shape.b_columns(), shape.ldb, stream);
        column_major<Out> c(given.beta != 0 ? given.c : nullptr, shape.m, shape.n, shape.ldc, stream);
        const column_major<Out> bias(given.bias, shape.m, 1, shape.m, stream);
        for (std::size_t j = 0; j < shape.n; ++j) {
            for (std::size_t i = 0; i < shape.m; ++i) {
                Sum sum = 0;
                for (std::size_t l = 0; l < shape.k; ++l)
                    sum += (shape.a == transpose::yes ? a(l, i) : a(i, l)) *
                           (shape.b == transpose::yes ? b(j, l) : b(l, j));
                sum *= static_cast<Sum>(given.alpha);
                if (given.beta != 0) sum += static_cast<Sum>(given.beta) * c(i, j);
                if (given.bias != nullptr) sum += bias(i, 0);
                c.numbers[i + j * c.rows] = Out(static_cast<float>(sum));
            }
        }
        preflearn::cuda::check(cudaMemcpy2DAsync(given.c, shape.ldc * sizeof(Out), c.numbers.data(),
                                                 shape.m * sizeof(Out), shape.m * sizeof(Out), shape.n,
                                                 cudaMemcpyHostToDevice, stream),
                               "cudaMemcpy2DAsync");
        preflearn::cuda::check(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
    }

  private:
    /// A copy on the host, column after column; of null, zeros.
    template <class E> struct column_major {
        column_major(const E* from, std::size_t row_count, std::size_t columns, std::size_t ld, cudaStream_t stream)
            : rows(row_count), numbers(row_count * columns) {
            if (from == nullptr) return;
            preflearn::cuda::check(cudaMemcpy2DAsync(numbers.data(), rows * sizeof(E), from, ld * sizeof(E),
                                                     rows * sizeof(E), columns, cudaMemcpyDeviceToHost, stream),
                                   "cudaMemcpy2DAsync");
            preflearn::cuda::check(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
        }
        [[nodiscard]] Sum operator()(std::size_t i, std::size_t j) const {
            return static_cast<Sum>(static_cast<float>(numbers[i + j * rows]));
        }
        std::size_t rows;
        std::vector<E> numbers;
    };
};

} // namespace test
