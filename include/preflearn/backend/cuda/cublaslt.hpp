/// \file
/// Products by cuBLASLt: descriptors and the algorithm that its heuristics choose are kept for every kind of product
/// that was asked for. The algorithm depends on m, n and k, so a row's bits may depend on how many rows are beside it;
/// equal ones are promised for equal products on one device and one version of the library.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include <cublasLt.h>

#include <preflearn/backend/cuda/cublaslt_library.hpp>
#include <preflearn/backend/cuda/cublaslt_product.hpp>
#include <preflearn/backend/cuda/device.hpp>
#include <preflearn/backend/cuda/error.hpp>
#include <preflearn/backend/cuda/gemm.hpp>
#include <preflearn/backend/cuda/memory.hpp>

namespace preflearn::cuda {

namespace detail {

/// Operands without their types.
struct cublaslt_operands {
    const void* a;
    const void* b;
    void* c;
    float alpha, beta;
    const void* bias;
};

inline std::size_t bytes_of_type(cudaDataType_t type) { return type == CUDA_R_32F ? 4 : 2; }

/// A copy of a column-major matrix whose columns all start at multiples of 16 bytes; or such room for one.
class aligned_copy {
  public:
    aligned_copy(std::size_t rows, std::size_t columns, std::size_t leading, std::size_t element_bytes,
                 cudaStream_t stream)
        : leading_((rows * element_bytes + 15) / 16 * 16 / element_bytes), rows_bytes_(rows * element_bytes),
          columns_(columns), pitch_(leading_ * element_bytes), other_pitch_(leading * element_bytes), stream_(stream),
          bytes_(pitch_ * columns, stream) {}

    void read(const void* from) const { copy(bytes_.data(), pitch_, from, other_pitch_); }
    void write(void* to) const { copy(to, other_pitch_, bytes_.data(), pitch_); }
    [[nodiscard]] std::size_t leading() const { return leading_; }
    [[nodiscard]] void* data() const { return bytes_.data(); }

  private:
    void copy(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch) const {
        check(
            cudaMemcpy2DAsync(to, to_pitch, from, from_pitch, rows_bytes_, columns_, cudaMemcpyDeviceToDevice, stream_),
            "cudaMemcpy2DAsync");
    }

    std::size_t leading_, rows_bytes_, columns_, pitch_, other_pitch_;
    cudaStream_t stream_;
    device_buffer<std::byte> bytes_;
};

/// What the library keeps for a device. Safe from several threads.
class cublaslt_context {
  public:
    /// Of this thread's device; made at first use. \throws no_device_error, also where there is no library
    static cublaslt_context& current() {
        static std::mutex lock;
        static std::map<int, std::unique_ptr<cublaslt_context>> of_devices;
        const int device = bind_device();
        const std::scoped_lock alone(lock);
        std::unique_ptr<cublaslt_context>& found = of_devices[device];
        if (!found) found.reset(new cublaslt_context(device));
        return *found;
    }

    void multiply(const cublaslt_kind& kind, const cublaslt_operands& operands, cudaStream_t stream) {
        if (run(kind, operands, stream)) return;
        if (!run_aligned(kind, operands, stream))
            throw device_error(message("cuBLASLt ", library_.version, " has no algorithm for a product of ",
                                       kind.shape.m, " x ", kind.shape.n, " x ", kind.shape.k, " on ",
                                       current_device_text(), "; ", code_line::here()));
    }

  private:
    struct planned {
        cublaslt_product product;
        cublasLtMatmulAlgo_t algorithm;
        std::size_t workspace_bytes;
        bool found;
    };
    /// Ragged batches have many numbers of rows.
    static constexpr std::size_t most_kinds = 8192;

    explicit cublaslt_context(int device)
        : library_(cublaslt_library::opened()),
          workspace_limit_(std::size_t{properties_of(device).capability >= 90 ? 32U : 4U} << 20) {
        library_.check(library_.create(&handle_), "cublasLtCreate"); // destroyed by nobody: it may outlive the runtime
    }

    planned& plan(const cublaslt_kind& kind) {
        if (const auto known = plans_.find(kind); known != plans_.end()) return known->second;
        if (plans_.size() >= most_kinds) plans_.clear();
        planned made{
            .product = {library_, kind, workspace_limit_}, .algorithm = {}, .workspace_bytes = 0, .found = false};
        std::array<cublasLtMatmulHeuristicResult_t, 8> results{};
        int count = 0;
        const cublasStatus_t status = library_.find_algorithms(
            handle_, made.product.product(), made.product.a(), made.product.b(), made.product.c(), made.product.c(),
            made.product.preference(), static_cast<int>(results.size()), results.data(), &count);
        if (status != CUBLAS_STATUS_NOT_SUPPORTED) library_.check(status, "cublasLtMatmulAlgoGetHeuristic");
        for (int r = 0; r < count && !made.found; ++r) {
            const cublasLtMatmulHeuristicResult_t& result = results[static_cast<std::size_t>(r)];
            if (result.state != CUBLAS_STATUS_SUCCESS || result.workspaceSize > workspace_limit_) continue;
            made.algorithm = result.algo;
            made.workspace_bytes = result.workspaceSize;
            made.found = true;
        }
        return plans_.emplace(kind, std::move(made)).first->second;
    }

    /// Whether there is an algorithm.
    bool run(const cublaslt_kind& kind, const cublaslt_operands& on, cudaStream_t stream) {
        if (kind.biased && alignment_of(on.bias) < 16) return false; // which is not asked of the heuristics
        const std::scoped_lock alone(lock_);                         // a bias is said by the descriptor
        planned& how = plan(kind);
        if (!how.found) return false;
        if (kind.biased) how.product.set_bias(on.bias);
        const device_buffer<std::byte> workspace(how.workspace_bytes, stream);
        library_.check(library_.matmul(handle_, how.product.product(), &on.alpha, on.a, how.product.a(), on.b,
                                       how.product.b(), &on.beta, on.c, how.product.c(), on.c, how.product.c(),
                                       &how.algorithm, workspace.data(), workspace.size(), stream),
                       "cublasLtMatmul");
        return true;
    }

    /// The same on copies that are aligned: matrices of odd leading dimensions, parts that start anywhere.
    bool run_aligned(cublaslt_kind kind, cublaslt_operands on, cudaStream_t stream) {
        gemm_shape& s = kind.shape;
        const std::size_t in = bytes_of_type(kind.inputs), out = bytes_of_type(kind.output);
        const aligned_copy a(s.a_rows(), s.a_columns(), s.lda, in, stream);
        const aligned_copy b(s.b_rows(), s.b_columns(), s.ldb, in, stream), c(s.m, s.n, s.ldc, out, stream);
        const aligned_copy bias(kind.biased ? s.m : 0, 1, s.m, out, stream);
        a.read(on.a);
        b.read(on.b);
        if (on.beta != 0) c.read(on.c);
        if (kind.biased) bias.read(on.bias);
        void* const wanted = std::exchange(on.c, c.data());
        on.a = a.data();
        on.b = b.data();
        on.bias = bias.data();
        s.lda = a.leading();
        s.ldb = b.leading();
        s.ldc = c.leading();
        kind.a_alignment = kind.b_alignment = kind.c_alignment = 16;
        if (!run(kind, on, stream)) return false;
        c.write(wanted);
        return true;
    }

    const cublaslt_library& library_;
    std::size_t workspace_limit_;
    cublasLtHandle_t handle_ = nullptr;
    std::mutex lock_;
    std::map<cublaslt_kind, planned> plans_;
};

} // namespace detail

/// Models Gemm of float, bfloat16 and float16.
struct cublaslt {
    static constexpr std::string_view name = "cublaslt";

    /// Opens the library and asks for its handle, so that what is missing is said before anything is read.
    /// \throws no_device_error where there is no device or no library
    static void require_available() { detail::cublaslt_context::current(); }

    template <Element E, Element Out>
    static void multiply(const gemm_shape& shape, const gemm_operands<E, Out>& on, cudaStream_t stream) {
        shape.check();
        if (shape.empty()) return;
        detail::cublaslt_context::current().multiply({.shape = shape,
                                                      .inputs = cublas_type<E>,
                                                      .output = cublas_type<Out>,
                                                      .biased = on.bias != nullptr,
                                                      .a_alignment = alignment_of(on.a),
                                                      .b_alignment = alignment_of(on.b),
                                                      .c_alignment = alignment_of(on.c)},
                                                     {on.a, on.b, on.c, on.alpha, on.beta, on.bias}, stream);
    }
};

static_assert(Gemm<cublaslt, float> && Gemm<cublaslt, bfloat16> && Gemm<cublaslt, float16>);

} // namespace preflearn::cuda
