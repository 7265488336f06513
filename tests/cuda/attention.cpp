#include <doctest/doctest.h>

#include "attention_laws.hpp"

namespace attention_tests {

TEST_CASE("attention on a device in float: heads of every width") { check_widths<float>(); }
TEST_CASE("attention on a device in float: shared prompts, caches, heads that share a key") { check_batches<float>(); }
TEST_CASE("attention on a device in float: windows, scales and caps") { check_scores<float>(); }
TEST_CASE("attention on a device in float: more heads of a key than rows of a tile") { check_many_heads<float>(); }
TEST_CASE("attention on a device in float: equal bits under every schedule") {
    check_schedules<float>({.heads = 4, .key_value_heads = 1, .dim = 24, .window = 50});
}
TEST_CASE("attention on plain cores: heads wider than a kernel are mixed in slices") {
    for (const std::size_t dim : {257U, 320U, 520U}) {
        const attention_shape shape{.heads = 3, .key_value_heads = 1, .dim = dim};
        check_attention(attention_problem<float>(shape, sequences{}.add_group(9, {4, 35})));
        check_attention(attention_problem<bfloat16>(shape, sequences{}.add_group(9, {4, 35})));
        check_attention(attention_problem<float16>(shape, sequences{}.add_cached(33, 2, 0)));
    }
}
TEST_CASE("attention on plain cores: what it moves") {
    const attention_shape shape{.heads = 8, .key_value_heads = 2, .dim = 64};
    for (const auto& [name, rows] : {std::pair{"attention, float, 96 + (64, 48)", sequences{}.add_group(96, {64, 48})},
                                     std::pair{"attention, float, decoding", sequences{}.add_cached(300, 1, 0)}}) {
        const attention_problem<float> problem(shape, rows);
        test::check_traffic(name, attention_traffic(problem), [&] { (void)problem.on_device(); });
    }
}

} // namespace attention_tests
