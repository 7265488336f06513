#include <doctest/doctest.h>

#include <cstddef>
#include <string_view>
#include <vector>

#include <preflearn/backend/cuda/gemm.hpp>
#include <preflearn/backend/cuda/memory.hpp>

#include "host_gemm.hpp"

using namespace preflearn::cuda;
using preflearn::bfloat16, preflearn::transpose;

namespace {

/// Has only products of floats.
struct floats_only {
    static constexpr std::string_view name = "floats";
    static void multiply(const gemm_shape&, const gemm_operands<float, float>&, cudaStream_t) {}
};
static_assert(Gemm<floats_only> && !Gemm<floats_only, bfloat16>);
static_assert(Gemm<test::host_gemm<double>> && Gemm<test::host_gemm<float>, bfloat16>);

template <Element E> device_buffer<E> on_device(const std::vector<float>& values) {
    std::vector<E> rounded(values.begin(), values.end());
    device_buffer<E> made(values.size());
    check(cudaMemcpy(made.data(), rounded.data(), values.size() * sizeof(E), cudaMemcpyHostToDevice), "cudaMemcpy");
    return made;
}
std::vector<float> read(const device_buffer<float>& from) {
    std::vector<float> to(from.size());
    check(cudaMemcpy(to.data(), from.data(), to.size() * sizeof(float), cudaMemcpyDeviceToHost), "cudaMemcpy");
    return to;
}

} // namespace

TEST_CASE("rows times a matrix: strides, a bias, what was there before") {
    // x: 2 rows of 3, 4 apart; W: 2 outputs of 3; y: 2 rows of 2, 3 apart
    const auto x = on_device<bfloat16>({1, 2, 3, 99, 4, 5, 6, 99}), w = on_device<bfloat16>({1, 0, -1, 2, 2, 2});
    const auto y = on_device<float>({10, 20, 77, 30, 40, 77}), bias = on_device<float>({0.5F, -0.5F});
    const device_rows<const bfloat16> rows{x.data(), 2, 3, 4}, weights{w.data(), 2, 3, 3};
    const device_rows<float> out{y.data(), 2, 2, 3};
    multiply_rows<test::host_gemm<double>>(rows, weights, out, compute_stream());
    CHECK(read(y) == std::vector<float>{-2, 12, 77, -2, 30, 77});
    multiply_rows<test::host_gemm<double>>(rows, weights, out, compute_stream(),
                                           {.alpha = 2, .beta = 1, .bias = bias.data()});
    CHECK(read(y) == std::vector<float>{-5.5F, 35.5F, 77, -5.5F, 89.5F, 77});
}

TEST_CASE("shapes that do not fit are refused, empty ones ask for nothing") {
    const device_rows<const float> x{nullptr, 2, 3, 3}, w{nullptr, 4, 5, 5};
    const device_rows<float> y{nullptr, 2, 4, 4};
    CHECK_THROWS_WITH_AS(multiply_rows<floats_only>(x, w, y, nullptr),
                         "a product of 2 rows of 3 by a matrix of 4 x 5 gives 2 x 4, found 2 x 4",
                         preflearn::argument_error);
    CHECK_NOTHROW(multiply_rows<test::host_gemm<double>>(device_rows<const float>{nullptr, 0, 3, 3},
                                                         device_rows<const float>{nullptr, 4, 3, 3},
                                                         device_rows<float>{nullptr, 0, 4, 4}, nullptr));
    CHECK_THROWS_WITH_AS((gemm_shape{.m = 4, .n = 2, .k = 0, .lda = 4, .ldb = 4, .ldc = 4}.check()),
                         "a product of 4 x 2 needs an inner dimension above 0", preflearn::argument_error);
    CHECK_THROWS_AS((gemm_shape{.m = 4, .n = 2, .k = 3, .lda = 4, .ldb = 2, .ldc = 4}.check()),
                    preflearn::argument_error);
    CHECK_NOTHROW((gemm_shape{.m = 4, .n = 2, .k = 3, .b = transpose::yes, .lda = 4, .ldb = 2, .ldc = 4}.check()));
}
