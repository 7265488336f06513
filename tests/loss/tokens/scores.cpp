#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/tokens/scores.hpp>

#include "../token_pairs.hpp"

using namespace preflearn;

TEST_CASE("columns that do not fit their layout are named") {
    const token_pairs<double> good = random_token_pairs<double>(3);
    const auto says = [&](const auto& spoil, const char* what) {
        token_pairs<double> p = good;
        token_gradients<double> out = p.gradients();
        spoil(p, out);
        CHECK_THROWS_WITH_AS(check_token_scores(p.scores(), out), doctest::Contains(what), argument_error);
    };
    using batch = token_pairs<double>;
    using gradients = token_gradients<double>;
    says([](batch& p, gradients&) { p.chosen.policy.pop_back(); }, "chosen: policy has");
    says([](batch& p, gradients&) { p.rejected.policy.clear(); }, "rejected: policy has 0 entries");
    says([](batch& p, gradients&) { p.rejected.divergence.pop_back(); }, "rejected: divergence has");
    says([](batch& p, gradients&) { p.rejected.reference.clear(); }, "both be given or both be empty");
    says([](batch&, gradients& out) { out.chosen.policy = out.chosen.policy.first(1); },
         "the gradient of policy has 1");
    says([](batch&, gradients& out) { out.chosen.policy = {}; }, "gradients of chosen and rejected");
    says([](batch& p, gradients&) { p.weight.pop_back(); }, "weight has 2 entries for 3 pairs");
    says([](batch&, gradients& out) { out.values = out.values.first(2); }, "values has 2 entries");
    says(
        [](batch& p, gradients& out) {
            p.rejected.offsets.erase(p.rejected.offsets.begin() + 1);
            out = {};
        },
        "3 chosen and 2 rejected");
    token_pairs<double> p = good;
    CHECK_NOTHROW(check_token_scores(p.scores(), p.gradients()));
    CHECK_NOTHROW(check_token_scores(token_scores<float>{}, token_gradients<float>{}));
}

TEST_CASE("a fault is named by pair, column and the token's number, in padded rows too") {
    token_pairs<double> p = random_token_pairs<double>(4, 3);
    p.rejected.reference[p.rejected.offsets[2] + 0] = std::numeric_limits<double>::infinity();
    CHECK_THROWS_WITH_AS(throw_token_fault(p.scores().rejected, 2, "rejected"),
                         "pair 2: reference of rejected token 0 is inf, a finite number was expected", numeric_error);
    const token_pairs<double> q = padded(p);
    CHECK_THROWS_WITH_AS(throw_token_fault(q.scores().rejected, 2, "rejected"),
                         "pair 2: reference of rejected token 0 is inf, a finite number was expected", numeric_error);
    CHECK_THROWS_WITH_AS(throw_token_fault(p.scores().chosen, 1, "chosen"), doctest::Contains("exceeds the range"),
                         numeric_error);
}
