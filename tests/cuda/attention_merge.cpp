#include <doctest/doctest.h>

#include "attention_laws.hpp"

using namespace attention_tests;

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
    for (const std::size_t window : {0, 1, 70})
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
    for (const std::size_t dim : {256, 300}) {
        const attention_problem<E> problem({.heads = 2, .key_value_heads = 1, .dim = dim, .scale = 1, .cap = 3},
                                           sequences{}.add_cached(90, 2, 1));
        check_attention(problem, parts_of(problem, 64));
    }
}

TEST_CASE_TEMPLATE("keys shared out among blocks: equal bits under every schedule", E, float, bfloat16) {
    check_schedules<E>({.heads = 4, .key_value_heads = 2, .dim = 16}, {.count = 3, .keys = 64});
}
