#include <doctest/doctest.h>

#include "attention_laws.hpp"

namespace attention_tests {

TEST_CASE_TEMPLATE("attention on the warp product: heads of every width", E, bfloat16, float16) { check_widths<E>(); }
TEST_CASE_TEMPLATE("attention on the warp product: shared prompts, caches, heads that share a key", E, bfloat16,
                   float16) {
    check_batches<E>();
}
TEST_CASE_TEMPLATE("attention on the warp product: windows, scales and caps", E, bfloat16, float16) {
    check_scores<E>();
}
TEST_CASE_TEMPLATE("attention on the warp product: more heads of a key than rows of a tile", E, bfloat16, float16) {
    check_many_heads<E>();
}
TEST_CASE_TEMPLATE("attention on the warp product: equal bits under every schedule", E, bfloat16, float16) {
    check_schedules<E>({.heads = 4, .key_value_heads = 1, .dim = 24, .window = 50});
}
TEST_CASE("attention on the warp product: what it moves") {
    const auto check = [](const char* name, std::size_t heads, std::size_t dim, std::size_t window,
                          const sequences& rows) {
        const attention_problem<bfloat16> problem({.heads = heads, .key_value_heads = 2, .dim = dim, .window = window},
                                                  rows);
        test::check_traffic(name, attention_traffic(problem), [&] { (void)problem.on_device(); });
    };
    check("attention, bfloat16, 96 + (64, 48)", 8, 64, 0, sequences{}.add_group(96, {64, 48}));
    check("attention, bfloat16, heads of 80", 6, 80, 0, sequences{}.add_group(40, {64, 3}));
    check("attention, bfloat16, heads of 256", 8, 256, 0, sequences{}.add_group(70));
    check("attention, bfloat16, window of 40", 8, 128, 40, sequences{}.add_group(150));
    check("attention, bfloat16, decoding", 16, 128, 0, sequences{}.add_cached(300, 1, 0).add_cached(77, 1, 0));
}

} // namespace attention_tests
