#include <doctest/doctest.h>

#include <limits>
#include <span>
#include <vector>

#include <preflearn/training/kinds/token_side.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("responses lie token by token, and what the loss wrote is found by response") {
    token_side<double> side;
    side.clear();
    const std::vector<double> first{-1, -2}, second{-3}, reference{-1.5, -2.5}, other{-3.5};
    side.add({.id = 7}, first);
    side.add_reference({.id = 7}, reference);
    side.add({.id = 8}, second);
    side.add_reference({.id = 8}, other);
    const auto columns = side.columns();
    CHECK(std::vector<double>(columns.policy.begin(), columns.policy.end()) == std::vector<double>{-1, -2, -3});
    CHECK(columns.reference.size() == 3);
    CHECK(columns.divergence.empty());
    const auto gradients = side.gradients();
    gradients.policy[2] = 5;
    CHECK(side.d_policy(0).size() == 2);
    CHECK(side.d_policy(1)[0] == 5);
}

TEST_CASE("a row of another length, and numbers that are not finite, are refused by the pair's name") {
    token_side<double> side;
    side.clear();
    const std::vector<double> row{-1, -2}, shorter{-1}, bad{-1, std::numeric_limits<double>::quiet_NaN()};
    side.add({.id = 7}, row);
    CHECK(test::error_of([&] { side.add_reference({.id = 7}, shorter); }) ==
          "pair 7: 1 log-probs of the reference were found for a response of 2 tokens");
    CHECK(test::error_of([&] { side.add_divergences({.id = 7}, bad); }) ==
          "pair 7: among the divergences of the pass that of token 1 is nan, a finite number was expected");
}
