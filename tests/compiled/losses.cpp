#include <doctest/doctest.h>

#include <vector>

#include <preflearn/compiled/losses.hpp>
#include <preflearn/loss/named/dpo.hpp>

using namespace preflearn;

TEST_CASE("a compiled loss by name has the bits of the loss by its type") {
    const std::vector<double> chosen{1, -2}, rejected{0, 0.5};
    const pair_scores<double> pairs{.chosen = chosen, .rejected = rejected};
    CHECK(loss_named("dpo", {})(pairs, {}).loss == dpo{}(pairs, pair_gradients<double>{}).loss);
}
