#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>

#include <preflearn/policy/decoder/merged_tensor.hpp>

#include "../adapters/adapters.hpp"
#include "../models.hpp"

using namespace preflearn;

TEST_CASE("a tensor's numbers are W + scale · B A, whether W is trained or frozen") {
    const transformer<double> base(test::grouped(), generator(1, "weights"));
    transformer<double> m = with_adapter(base, {.rank = 2, .alpha = 6, .targets = {"k_proj"}});
    for (std::size_t i = 0; i < m.parameters().size(); ++i) m.parameters()[i] = 0.1 * static_cast<double>(i % 11);
    const std::size_t key = 3; // embedding, norm, query, key
    const tensor_place& place = m.layout().tensors()[key];
    const auto own = merged_tensor(base, key), adapted = merged_tensor(m, key);
    CHECK(std::ranges::equal(own, base.parameters().subspan(place.offset, place.size())));
    const auto a = m.parameters().first(2 * 12), b = m.parameters().subspan(2 * 12, 12 * 2);
    for (std::size_t r = 0; r < place.rows; ++r)
        for (std::size_t c = 0; c < place.columns; ++c)
            CHECK(adapted[r * 12 + c] ==
                  doctest::Approx(own[r * 12 + c] + 3 * (b[2 * r] * a[c] + b[2 * r + 1] * a[12 + c])));
    CHECK(merged_tensor(m, 2) == merged_tensor(base, 2)); // without an adapter
}
