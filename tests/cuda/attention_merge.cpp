#include <doctest/doctest.h>

#include "attention_laws.hpp"

namespace attention_tests {

namespace {

/// Keys shared out by hand: as many parts as the longest tile needs.
template <class E> cuda::attention_parts parts_of(const attention_problem<E>& problem, std::uint32_t keys) {
    const cuda::attention_launch launch = cuda::launch_of(problem.shape);
    const cuda::attention_tiles batch(problem.rows.plan(), cuda::attention_tile_queries<E>(launch));
    const auto most = static_cast<std::uint32_t>(batch.most_keys(launch.window));
    return {.count = (most + keys - 1) / keys, .keys = keys};
}

} // namespace

TEST_CASE_TEMPLATE("keys shared out among blocks give the attention of all", E, float, bfloat16, float16) {
    for (const std::size_t window : {0U, 1U, 70U})
        for (const sequences& rows : {mixed_batch(), decoding(), sequences{}.add_cached(300, 2, 1)}) {
            const attention_problem<E> problem(
                {.heads = 3, .key_value_heads = 1, .dim = window == 0 ? 3U : 16U, .window = window}, rows);
            const attention_result right = problem.reference();
            for (const std::uint32_t keys : {29U, 64U})
                if (const cuda::attention_parts parts = parts_of(problem, keys); parts.count > 1)
                    check_attention(problem, right, parts);
        }
}

TEST_CASE_TEMPLATE("keys shared out among blocks: wide heads and caps", E, float, bfloat16) {
    for (const std::size_t dim : {256U, 300U}) {
        const attention_problem<E> problem({.heads = 2, .key_value_heads = 1, .dim = dim, .scale = 1, .cap = 3},
                                           sequences{}.add_cached(90, 2, 1));
        check_attention(problem, parts_of(problem, 64));
    }
}

TEST_CASE_TEMPLATE("keys shared out among blocks: equal bits under every schedule", E, float, bfloat16) {
    check_schedules<E>({.heads = 4, .key_value_heads = 2, .dim = 16}, {.count = 3, .keys = 64});
}
TEST_CASE("keys shared out among blocks: what is moved") {
    const attention_shape shape{.heads = 8, .key_value_heads = 2, .dim = 64};
    const attention_problem<bfloat16> problem(shape, sequences{}.add_cached(511, 1, 0));
    const cuda::attention_parts parts = parts_of(problem, 128);
    REQUIRE(parts.count == 4);
    test::moved_bytes expected = attention_traffic(problem);
    // mixed values and log-sums of the parts are written and read; a tile is asked for by the parts' and the merge's
    // blocks, a log-sum by the thread of every column
    const std::size_t heads = shape.heads, columns = parts.count * heads * shape.dim,
                      tile = sizeof(cuda::attention_tile);
    expected.minimum += 2 * 4 * (columns + parts.count * heads);
    expected.asked += 4 * (3 * columns + parts.count * heads);
    expected.asked += tile * 128 * shape.key_value_heads * (parts.count - 1) + tile * heads * shape.dim;
    test::check_traffic("attention, parts and merge", expected, [&] { (void)problem.on_device(parts); });
}

} // namespace attention_tests
