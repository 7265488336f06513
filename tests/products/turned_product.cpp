#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/products/turned_product.hpp>

using namespace preflearn;

namespace {

/// One step of a chain, on this target.
float step(float a, float b, float sum) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    return std::fma(a, b, sum);
#else
    const volatile float product = a * b;
    return product + sum;
#endif
}

/// Whether the product has the bits of one chain an element, and leaves what is behind its rows alone.
bool same_as_chains(std::size_t rows, std::size_t outputs, std::size_t inputs, std::size_t first, bool fresh) {
    generator random(1, "turned product", rows * 1000 + outputs);
    const std::size_t stride = inputs + 3, gap = outputs + 2;
    std::vector<float> w((first + outputs) * stride), a(rows * inputs), c(rows * gap);
    for (std::vector<float>* const all : {&w, &a, &c})
        for (float& x : *all) x = static_cast<float>(random.normal());
    std::vector<float> expected = c;
    for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t j = 0; j < outputs; ++j) {
            float& sum = expected[r * gap + j];
            if (fresh) sum = 0;
            for (std::size_t k = 0; k < inputs; ++k) sum = step(a[r * inputs + k], w[(first + j) * stride + k], sum);
        }
    }
    const stored_matrix matrix{
        .type = element_type::f32, .rows = first + outputs, .columns = inputs, .bytes = std::as_bytes(std::span(w))};
    detail::multiply_turned_rows(&detail::turned_kernel<detail::turned_f32, 1>::run,
                                 &detail::turned_kernel<detail::turned_f32, detail::many_rows>::run,
                                 {a.data(), rows, inputs}, matrix, stride * sizeof(float), first,
                                 {c.data(), rows, outputs, gap}, fresh);
    return std::memcmp(c.data(), expected.data(), sizeof(float) * c.size()) == 0;
}

} // namespace

TEST_CASE("up to so many rows have the bits of one chain an element") {
    if constexpr (detail::turns_blocks) {
        for (const std::size_t rows : {std::size_t{1}, std::size_t{3}, std::size_t{5}, detail::many_rows})
            for (const auto& [outputs, inputs] : {std::array<std::size_t, 2>{1, 1}, {16, 16}, {33, 37}, {150, 300}})
                for (const bool fresh : {true, false}) {
                    CAPTURE(rows);
                    CAPTURE(outputs);
                    CHECK(same_as_chains(rows, outputs, inputs, 0, fresh));
                    CHECK(same_as_chains(rows, outputs, inputs, 5, fresh));
                }
    }
}
