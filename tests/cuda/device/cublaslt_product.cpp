#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>

#include <preflearn/backend/cuda/cublaslt_product.hpp>
#include <preflearn/backend/cuda/gemm.hpp>

#include "present.hpp"

using namespace preflearn::cuda;
using preflearn::bfloat16, preflearn::float16, preflearn::transpose;

namespace {

/// The attribute as the library has it.
template <class Value, class Get, class Handle, class Attribute>
Value read(Get get, Handle handle, Attribute attribute) {
    Value value{};
    std::size_t written = 0;
    REQUIRE(get(handle, attribute, &value, sizeof value, &written) == CUBLAS_STATUS_SUCCESS);
    REQUIRE(written == sizeof value);
    return value;
}

void check_layout(const cublaslt_library& library, cublasLtMatrixLayout_t layout, cudaDataType_t type, std::size_t rows,
                  std::size_t columns, std::size_t leading) {
    const auto get = library.get_of_layout;
    CHECK(read<std::uint32_t>(get, layout, CUBLASLT_MATRIX_LAYOUT_TYPE) == static_cast<std::uint32_t>(type));
    CHECK(read<std::int32_t>(get, layout, CUBLASLT_MATRIX_LAYOUT_ORDER) == CUBLASLT_ORDER_COL);
    CHECK(read<std::uint64_t>(get, layout, CUBLASLT_MATRIX_LAYOUT_ROWS) == rows);
    CHECK(read<std::uint64_t>(get, layout, CUBLASLT_MATRIX_LAYOUT_COLS) == columns);
    CHECK(read<std::int64_t>(get, layout, CUBLASLT_MATRIX_LAYOUT_LD) == static_cast<std::int64_t>(leading));
    CHECK(read<std::int32_t>(get, layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT) == 1);
}

/// What the library was told of a kind of product is what the concept asked for.
void check_kind(const cublaslt_kind& kind) {
    const cublaslt_library& library = cublaslt_library::opened();
    const cublaslt_product made(library, kind, std::size_t{4} << 20);
    const gemm_shape& s = kind.shape;
    check_layout(library, made.a(), kind.inputs, s.a_rows(), s.a_columns(), s.lda);
    check_layout(library, made.b(), kind.inputs, s.b_rows(), s.b_columns(), s.ldb);
    check_layout(library, made.c(), kind.output, s.m, s.n, s.ldc);

    const auto get = library.get_of_product;
    const auto operation = [](transpose how) { return how == transpose::yes ? CUBLAS_OP_T : CUBLAS_OP_N; };
    CHECK(read<std::int32_t>(get, made.product(), CUBLASLT_MATMUL_DESC_COMPUTE_TYPE) == CUBLAS_COMPUTE_32F);
    CHECK(read<std::int32_t>(get, made.product(), CUBLASLT_MATMUL_DESC_SCALE_TYPE) == CUDA_R_32F);
    CHECK(read<std::int32_t>(get, made.product(), CUBLASLT_MATMUL_DESC_POINTER_MODE) == CUBLASLT_POINTER_MODE_HOST);
    CHECK(read<std::int32_t>(get, made.product(), CUBLASLT_MATMUL_DESC_TRANSA) == operation(s.a));
    CHECK(read<std::int32_t>(get, made.product(), CUBLASLT_MATMUL_DESC_TRANSB) == operation(s.b));
    CHECK(read<std::uint32_t>(get, made.product(), CUBLASLT_MATMUL_DESC_EPILOGUE) ==
          static_cast<std::uint32_t>(kind.biased ? CUBLASLT_EPILOGUE_BIAS : CUBLASLT_EPILOGUE_DEFAULT));
    if (kind.biased) CHECK(read<std::int32_t>(get, made.product(), CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE) == kind.output);

    const auto prefers = library.get_of_preference;
    CHECK(read<std::uint64_t>(prefers, made.preference(), CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES) == 4U << 20);
    CHECK(read<std::uint32_t>(prefers, made.preference(), CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK) ==
          CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE);
    CHECK(read<std::uint32_t>(prefers, made.preference(), CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES) ==
          kind.a_alignment);
    CHECK(read<std::uint32_t>(prefers, made.preference(), CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES) ==
          kind.b_alignment);
    CHECK(read<std::uint32_t>(prefers, made.preference(), CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES) ==
          kind.c_alignment);
    CHECK(read<std::uint32_t>(prefers, made.preference(), CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES) ==
          kind.c_alignment);
    const auto allowed = read<std::uint64_t>(prefers, made.preference(), CUBLASLT_MATMUL_PREF_IMPL_MASK);
    CHECK((allowed & CUBLASLT_NUMERICAL_IMPL_FLAGS_ACCUMULATOR_16F) == 0);
    const bool shortened = (allowed & CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_TF32) != 0;
    CHECK(shortened == (kind.inputs != CUDA_R_32F)); // float is never cut to TF32
    CHECK((allowed & CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_32F) != 0);
}

} // namespace

TEST_CASE("elements have the library's names, and addresses their alignment") {
    CHECK(cublas_type<float> == CUDA_R_32F);
    CHECK(cublas_type<bfloat16> == CUDA_R_16BF);
    CHECK(cublas_type<float16> == CUDA_R_16F);
    alignas(32) static const char bytes[32] = {}; // NOLINT
    CHECK(alignment_of(bytes) == 16);
    CHECK(alignment_of(bytes + 16) == 16);
    CHECK(alignment_of(bytes + 8) == 8);
    CHECK(alignment_of(bytes + 12) == 4);
    CHECK(alignment_of(bytes + 6) == 2);
}

TEST_CASE("the library was told of every kind of product what the concept asked for") {
    if (!test::has_cublaslt()) return;
    for (const cudaDataType_t inputs : {CUDA_R_32F, CUDA_R_16BF, CUDA_R_16F}) {
        for (const cudaDataType_t output : {inputs, CUDA_R_32F}) {
            for (const transpose a : {transpose::no, transpose::yes}) {
                for (const transpose b : {transpose::no, transpose::yes}) {
                    for (const bool biased : {false, true}) {
                        gemm_shape shape{.m = 576, .n = 37, .k = 1536, .a = a, .b = b};
                        shape.lda = shape.a_rows() + 8;
                        shape.ldb = shape.b_rows();
                        shape.ldc = 1000;
                        check_kind({.shape = shape,
                                    .inputs = inputs,
                                    .output = output,
                                    .biased = biased,
                                    .a_alignment = 16,
                                    .b_alignment = 4,
                                    .c_alignment = 8});
                    }
                }
            }
        }
    }
}

TEST_CASE("rows times a row-major matrix, as the library reads them") {
    if (!test::has_cublaslt()) return;
    // y = x Wᵀ: 5 rows of 64 by 24 outputs
    device_rows<const bfloat16> x{nullptr, 5, 64, 128}, weights{nullptr, 24, 64, 64};
    const gemm_shape shape = shape_of_rows(x, weights, device_rows<float>{nullptr, 5, 24, 32});
    check_kind({.shape = shape, .inputs = cublas_type<bfloat16>, .output = cublas_type<float>});
    CHECK(shape == gemm_shape{.m = 24, .n = 5, .k = 64, .a = transpose::yes, .lda = 64, .ldb = 128, .ldc = 32});
}
