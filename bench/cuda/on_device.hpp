/// \file
/// What the benchmarks of a CUDA device share: whether there is one, and its own peaks, measured by the largest
/// products and copies, beside which everything is told.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <preflearn/backend/cuda/backend.hpp>
#include <preflearn/backend/cuda/cublaslt.hpp>
#include <preflearn/backend/cuda/cublaslt_library.hpp>
#include <preflearn/backend/cuda/device.hpp>
#include <preflearn/backend/cuda/memory.hpp>
#include <preflearn/backend/cuda/stream.hpp>

#include "../policy/real_pairs.hpp"

namespace on_device {

using namespace preflearn;

/// Why nothing can be measured here; empty: it can.
inline const std::string& missing() {
    static const std::string reason = [] {
        std::string found = cuda::no_device_reason();
        if (!found.empty()) return found;
        try {
            cuda::cublaslt_library::opened();
        } catch (const no_device_error& failure) {
            found = failure.what();
        }
        return found;
    }();
    return reason;
}
/// Ends a run that has no device, with the reason.
inline bool skipped(benchmark::State& state) {
    if (missing().empty()) return false;
    state.SkipWithError(("SKIPPED: " + missing()).c_str());
    return true;
}
inline std::string run_label() { return cuda::properties_of_this_device().name + ", " + the_pairs().label; }

/// Seconds of the quickest of some runs, by the device's clock.
template <class Run> double quickest(std::size_t runs, const Run& run) {
    cuda::event begin(cuda::event::timing::yes), end(cuda::event::timing::yes);
    double best = 0;
    for (std::size_t i = 0; i <= runs; ++i) { // the first is not counted
        begin.record(cuda::compute_stream());
        run();
        end.record(cuda::compute_stream());
        end.wait();
        const double seconds = end.seconds_since(begin);
        if (i != 0) best = best == 0 ? seconds : std::min(best, seconds);
    }
    return best;
}

/// Floating-point operations a second of a large square product.
template <class E> double gemm_peak() {
    static const double peak = [] {
        constexpr std::size_t size = 8192;
        cuda::device_matrix<E> x(size, size), w(size, size), y(size, size);
        cuda::fill(x.rows(), 0.5F, cuda::compute_stream());
        cuda::fill(w.rows(), 0.25F, cuda::compute_stream());
        const auto multiply = [&] {
            cuda::multiply_rows<cuda::cublaslt, E, E>(x.rows(), w.rows(), y.rows(), cuda::compute_stream());
        };
        return 2.0 * size * size * size / quickest(8, multiply);
    }();
    return peak;
}

/// Bytes a second of a large copy, read and written ones counting each.
inline double copy_bandwidth() {
    static const double bandwidth = [] {
        constexpr std::size_t bytes = std::size_t{1} << 30;
        cuda::device_buffer<std::byte> from(bytes), to(bytes);
        cuda::check(cudaMemsetAsync(from.data(), 0, bytes, cuda::compute_stream()), "cudaMemsetAsync");
        return 2.0 * bytes / quickest(8, [&] {
                   cuda::check(
                       cudaMemcpyAsync(to.data(), from.data(), bytes, cudaMemcpyDeviceToDevice, cuda::compute_stream()),
                       "cudaMemcpyAsync");
               });
    }();
    return bandwidth;
}

template <class E> using backend = cuda_backend<E, cuda::cublaslt>;
template <class E> const transformer<float, backend<E>>& model() {
    static const transformer<float, backend<E>> held = frozen_model<backend<E>>();
    return held;
}

} // namespace on_device
