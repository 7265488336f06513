#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/backend/cuda/cublaslt.hpp>
#include <preflearn/backend/cuda/gemm.hpp>
#include <preflearn/backend/cuda/memory.hpp>
#include <preflearn/core/numbers/random.hpp>

#include "../host_gemm.hpp"
#include "present.hpp"

using namespace preflearn::cuda;
using preflearn::bfloat16, preflearn::float16, preflearn::transpose;

namespace {

/// Numbers of one type on the device, from `offset` elements behind an aligned place on.
template <Element E> struct numbers {
    std::vector<E> host;
    device_buffer<E> memory;
    std::size_t offset;

    numbers(std::size_t size, std::size_t first, preflearn::generator& random)
        : host(size), memory(size + first), offset(first) {
        for (E& value : host) value = E(static_cast<float>(random.uniform() - 0.5));
        check(cudaMemcpy(data(), host.data(), size * sizeof(E), cudaMemcpyHostToDevice), "cudaMemcpy");
    }
    [[nodiscard]] E* data() const { return memory.data() + offset; }
    [[nodiscard]] std::vector<E> read() const {
        std::vector<E> now(host.size());
        check(cudaMemcpy(now.data(), data(), now.size() * sizeof(E), cudaMemcpyDeviceToHost), "cudaMemcpy");
        return now;
    }
};

/// The library's product and the host's agree as far as sums in float do; what lies between columns stays.
template <Element E, Element Out> void agrees(gemm_shape shape, float beta, bool biased, std::size_t offset) {
    preflearn::generator random(7, "product");
    numbers<E> a(shape.lda * shape.a_columns(), offset, random), b(shape.ldb * shape.b_columns(), offset, random);
    numbers<Out> c(shape.ldc * shape.n, offset, random), same(c.host.size(), 0, random), bias(shape.m, offset, random);
    check(cudaMemcpy(same.data(), c.data(), c.host.size() * sizeof(Out), cudaMemcpyDeviceToDevice), "cudaMemcpy");
    gemm_operands<E, Out> operands{.a = a.data(), .b = b.data(), .c = c.data(), .alpha = 0.5F, .beta = beta};
    if (biased) operands.bias = bias.data();
    cublaslt::multiply(shape, operands, compute_stream());
    operands.c = same.data();
    test::host_gemm<double>::multiply(shape, operands, compute_stream());
    synchronise(compute_stream());
    const std::vector<Out> found = c.read(), expected = same.read();
    const double tolerance = std::is_same_v<Out, float> ? 1e-5 : 8e-3;
    for (std::size_t i = 0; i < found.size(); ++i) {
        const double wanted = static_cast<float>(expected[i]);
        if (i % shape.ldc >= shape.m)
            CHECK(static_cast<float>(found[i]) == wanted);
        else
            CHECK(std::abs(static_cast<double>(static_cast<float>(found[i])) - wanted) <=
                  tolerance * (std::abs(wanted) + std::sqrt(static_cast<double>(shape.k))));
    }
}

template <Element E, Element Out> void agrees_everywhere() {
    for (const std::size_t m : {1U, 7U, 64U, 130U})
        for (const std::size_t n : {1U, 33U})
            for (const std::size_t k : {1U, 8U, 65U})
                for (const bool biased : {false, true}) {
                    CAPTURE(m);
                    CAPTURE(n);
                    CAPTURE(k);
                    gemm_shape shape{.m = m, .n = n, .k = k, .a = transpose::yes, .lda = k, .ldb = k, .ldc = m};
                    agrees<E, Out>(shape, 0, biased, 0);
                    shape = {.m = m, .n = n, .k = k, .b = transpose::yes, .lda = m + 3, .ldb = n + 1, .ldc = m + 5};
                    agrees<E, Out>(shape, 1, biased, 1);
                }
}

} // namespace

TEST_CASE("products agree with the host's: odd shapes, odd leading dimensions, parts that start anywhere") {
    if (!test::has_device() || !test::has_cublaslt()) return;
    agrees_everywhere<float, float>();
    agrees_everywhere<bfloat16, bfloat16>();
    agrees_everywhere<bfloat16, float>();
    agrees_everywhere<float16, float16>();
    agrees_everywhere<float16, float>();
}

TEST_CASE("a product that is empty asks for nothing, a wrong one is refused, and without a device it says so") {
    CHECK_NOTHROW(cublaslt::multiply<float, float>({.m = 0, .n = 3, .k = 5, .lda = 5, .ldb = 5}, {}, nullptr));
    CHECK_THROWS_WITH_AS(
        (cublaslt::multiply<float, float>({.m = 4, .n = 3, .k = 5, .lda = 3, .ldb = 5, .ldc = 4}, {}, nullptr)),
        doctest::Contains("leading dimensions 3, 5 and 4, expected at least 4, 5 and 4"), preflearn::argument_error);
    if (!no_device_reason().empty())
        CHECK_THROWS_AS(
            (cublaslt::multiply<float, float>({.m = 4, .n = 3, .k = 5, .lda = 4, .ldb = 5, .ldc = 4}, {}, nullptr)),
            preflearn::no_device_error);
}
