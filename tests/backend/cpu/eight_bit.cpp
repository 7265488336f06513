#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <string_view>
#include <vector>

#include <preflearn/backend/cpu/eight_bit.hpp>

#include "../../parts.hpp"
#include "../../products/stored_blocks.hpp"

using namespace preflearn;

namespace {

/// x Wᵀ + b by a backend.
template <class B> std::vector<float> linear(const std::vector<float>& x, const stored_matrix& w, float bias) {
    const std::size_t rows = x.size() / w.columns;
    typename B::template array<float> in(rows, w.columns), out(rows, w.rows), added(1, w.rows);
    B::upload(std::span<const float>(x), in.view());
    B::fill(added.view(), bias);
    const typename B::stored held = B::hold(w);
    affine_map<B, float> map;
    map.matrix.stored = {&held, 1};
    map.bias = added.view();
    B::linear(in.view(), map, out.view(), store::replace);
    std::vector<float> y(rows * w.rows);
    B::download(out.view(), std::span<float>(y));
    return y;
}

} // namespace

TEST_CASE("a backend for decoding rounds the rows that quantised weights multiply, and says so") {
    CHECK(eight_bit_backend::name != cpu_backend::name);
    CHECK(eight_bit_backend::name.find("8 bits") != std::string_view::npos);
    const std::vector<double> wide = test::normals(3 * 256, 1);
    const std::vector<float> x(wide.begin(), wide.end());
    for (const element_type type : {element_type::q8_0, element_type::q4_k, element_type::bf16}) {
        const stored_matrix w = test::random_stored(type, 40, 256);
        const std::vector<float> exact = linear<cpu_backend>(x, w, 2.0F), found = linear<eight_bit_backend>(x, w, 2.0F);
        double difference = 0, size = 0;
        for (std::size_t i = 0; i < exact.size(); ++i) {
            difference += std::pow(static_cast<double>(found[i] - exact[i]), 2);
            size += std::pow(static_cast<double>(exact[i]), 2);
        }
        if (type == element_type::bf16)
            CHECK(found == exact); // plain numbers are multiplied as they are
        else
            CHECK((difference > 0 && difference < 1e-4 * size));
    }
}
