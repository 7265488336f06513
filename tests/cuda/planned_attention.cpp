#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/backend/cpu/attend.hpp>
#include <preflearn/backend/cuda/planned_attention.hpp>

#include "../files.hpp"
#include "../parts.hpp"

using namespace preflearn;
using namespace preflearn::cuda;

namespace {

std::vector<float> floats(std::size_t count, std::uint64_t stream) {
    const auto numbers = test::normals(count, stream);
    return {numbers.begin(), numbers.end()};
}
device_matrix<float> placed(const std::vector<float>& numbers, std::size_t rows, std::size_t columns) {
    device_matrix<float> made(rows, columns);
    upload_numbers<float>(numbers, made.rows());
    return made;
}

} // namespace

TEST_CASE("one query over hundreds of keys of a cache, which blocks share, attends as on the processor") {
    constexpr std::size_t keys = 700;
    const std::vector<row_segment> segments{
        {.row = 0, .length = 1, .position = 650, .prefix_row = 0, .prefix_length = 650},
        {.row = 1, .length = 1, .position = 20, .prefix_row = 660, .prefix_length = 20}};
    const attention_plan plan{.segments = segments, .keys = own_keys::after_prefix};
    const attention_shape shape{.heads = 2, .key_value_heads = 1, .dim = 8};
    std::vector<float> queries = floats(2 * 16, 1), both = floats(keys * 16, 2), expected(2 * 16), found(2 * 16);
    row_attention<float>(plan, shape, false)
        .forward(matrix_view<const float>(queries.data(), 2, 16), matrix_view<const float>(both.data(), keys, 16),
                 matrix_view<float>(expected.data(), 2, 16), {});
    const auto q = placed(queries, 2, 16), kv = placed(both, keys, 16);
    device_matrix<float> mixed(2, 16);
    planned_attention<float> attention(plan, shape, false);
    for (int layer = 0; layer < 2; ++layer) {
        attention.attend(q.rows(), kv.rows(), mixed.rows(), nullptr);
        download_numbers<float>(mixed.rows(), found);
        for (std::size_t i = 0; i < found.size(); ++i) CHECK(std::abs(found[i] - expected[i]) < 1e-5F);
    }
}

TEST_CASE("rows that the plan does not have, uneven heads and a backward pass are refused") {
    const std::vector<row_segment> segments{{.row = 0, .length = 3}};
    const attention_plan plan{.segments = segments};
    CHECK_THROWS_WITH_AS((planned_attention<float>(plan, {.heads = 3, .key_value_heads = 2, .dim = 4}, false)),
                         doctest::Contains("3 heads cannot share 2"), argument_error);
    CHECK_THROWS_AS((planned_attention<float>(plan, {.dim = 4}, true)), argument_error);
    planned_attention<float> attention(plan, {.dim = 4}, false);
    device_matrix<float> queries(2, 4), keys(3, 8), mixed(2, 4);
    CHECK(test::contains(test::error_of([&] { attention.attend(queries.rows(), keys.rows(), mixed.rows(), nullptr); }),
                         "3 rows of queries and 3 of keys were planned, found 2 and 3"));
}
