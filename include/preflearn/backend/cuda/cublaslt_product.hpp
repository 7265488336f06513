/// \file
/// A product in the terms of cuBLASLt: descriptors and layouts, made once for all products of one kind. Nothing here
/// needs a device, so what is asked of the library can be read back anywhere.
// SPDX-License-Identifier: MIT
#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include <cublasLt.h>

#include <preflearn/backend/cuda/cublaslt_library.hpp>
#include <preflearn/backend/cuda/gemm.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/numbers/half.hpp>

namespace preflearn::cuda {

/// The library's name of an element.
template <Element E>
inline constexpr cudaDataType_t cublas_type = std::same_as<E, float>      ? CUDA_R_32F
                                              : std::same_as<E, bfloat16> ? CUDA_R_16BF
                                                                          : CUDA_R_16F;

/// What products have in common that the library computes in the same way.
struct cublaslt_kind {
    gemm_shape shape{};
    cudaDataType_t inputs = CUDA_R_32F, output = CUDA_R_32F;
    bool biased = false;
    std::uint32_t a_alignment = 16, b_alignment = 16, c_alignment = 16; ///< of the first elements, in bytes, at most 16

    friend auto operator<=>(const cublaslt_kind&, const cublaslt_kind&) = default;
};

/// To how many bytes an address is aligned, 16 being all that is asked.
inline std::uint32_t alignment_of(const void* address) {
    const auto bits = reinterpret_cast<std::uintptr_t>(address) | 16U;
    return static_cast<std::uint32_t>(bits & (~bits + 1));
}

/// Sums are float: partial ones, too, where the inner dimension is split, and float factors stay what they are,
/// whatever the environment says of TF32 and of emulation.
inline std::uint64_t allowed_implementations(cudaDataType_t inputs) {
    constexpr std::uint64_t shorter = CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_TF32 |
                                      CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_16BF |
                                      CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_16F;
    return ~(CUBLASLT_NUMERICAL_IMPL_FLAGS_ACCUMULATOR_16F | (inputs == CUDA_R_32F ? shorter : 0));
}

/// The descriptors of a kind of product.
class cublaslt_product {
  public:
    /// \throws device_error where the library refuses a value
    cublaslt_product(const cublaslt_library& library, const cublaslt_kind& kind, std::size_t workspace_bytes)
        : library_(&library), product_(nullptr, library.destroy_product), a_(nullptr, library.destroy_layout),
          b_(nullptr, library.destroy_layout), c_(nullptr, library.destroy_layout),
          preference_(nullptr, library.destroy_preference) {
        const gemm_shape& s = kind.shape;
        describe(kind);
        a_ = layout(kind.inputs, s.a_rows(), s.a_columns(), s.lda);
        b_ = layout(kind.inputs, s.b_rows(), s.b_columns(), s.ldb);
        c_ = layout(kind.output, s.m, s.n, s.ldc);
        prefer(kind, workspace_bytes);
    }

    [[nodiscard]] cublasLtMatmulDesc_t product() const { return product_.get(); }
    [[nodiscard]] cublasLtMatrixLayout_t a() const { return a_.get(); }
    [[nodiscard]] cublasLtMatrixLayout_t b() const { return b_.get(); }
    /// Of C as it is read and as it is written.
    [[nodiscard]] cublasLtMatrixLayout_t c() const { return c_.get(); }
    [[nodiscard]] cublasLtMatmulPreference_t preference() const { return preference_.get(); }

    /// Where the bias of the next call lies.
    void set_bias(const void* bias) { set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias); }

  private:
    template <class Opaque> using owned = std::unique_ptr<Opaque, cublasStatus_t (*)(Opaque*)>;

    template <class Value> void set(cublasLtMatmulDescAttributes_t attribute, const Value& value) {
        library_->check(library_->set_of_product(product_.get(), attribute, &value, sizeof value),
                        "cublasLtMatmulDescSetAttribute");
    }
    template <class Value> void prefer(cublasLtMatmulPreferenceAttributes_t attribute, const Value& value) {
        library_->check(library_->set_of_preference(preference_.get(), attribute, &value, sizeof value),
                        "cublasLtMatmulPreferenceSetAttribute");
    }

    void describe(const cublaslt_kind& kind) {
        cublasLtMatmulDesc_t made = nullptr;
        library_->check(library_->create_product(&made, CUBLAS_COMPUTE_32F, CUDA_R_32F), "cublasLtMatmulDescCreate");
        product_.reset(made);
        const auto operation = [](transpose how) { return how == transpose::yes ? CUBLAS_OP_T : CUBLAS_OP_N; };
        set(CUBLASLT_MATMUL_DESC_TRANSA, operation(kind.shape.a));
        set(CUBLASLT_MATMUL_DESC_TRANSB, operation(kind.shape.b));
        if (!kind.biased) return;
        set(CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS);
        set(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, kind.output);
    }
    owned<cublasLtMatrixLayoutOpaque_t> layout(cudaDataType_t type, std::size_t rows, std::size_t columns,
                                               std::size_t leading) {
        cublasLtMatrixLayout_t made = nullptr;
        library_->check(library_->create_layout(&made, type, rows, columns, static_cast<std::int64_t>(leading)),
                        "cublasLtMatrixLayoutCreate");
        return {made, library_->destroy_layout};
    }
    void prefer(const cublaslt_kind& kind, std::uint64_t workspace_bytes) {
        cublasLtMatmulPreference_t made = nullptr;
        library_->check(library_->create_preference(&made), "cublasLtMatmulPreferenceCreate");
        preference_.reset(made);
        prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, workspace_bytes);
        prefer(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, std::uint32_t{CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE});
        prefer(CUBLASLT_MATMUL_PREF_IMPL_MASK, allowed_implementations(kind.inputs));
        prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, kind.a_alignment);
        prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, kind.b_alignment);
        prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, kind.c_alignment);
        prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, kind.c_alignment);
    }

    const cublaslt_library* library_;
    owned<cublasLtMatmulDescOpaque_t> product_;
    owned<cublasLtMatrixLayoutOpaque_t> a_, b_, c_;
    owned<cublasLtMatmulPreferenceOpaque_t> preference_;
};

} // namespace preflearn::cuda
