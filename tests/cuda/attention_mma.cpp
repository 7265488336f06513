#include <doctest/doctest.h>

#include "attention_laws.hpp"

using namespace attention_tests;

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
    check_schedules<E>({.heads = 8, .key_value_heads = 2, .dim = 24, .window = 50});
}
