#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/log_space.hpp>
#include <preflearn/loss/named_pointwise.hpp>

using namespace preflearn;

namespace {

/// The loss of one pair with log-ratios u and v.
template <class Loss> double value_of(const Loss& loss, double u, double v) {
    const std::vector<double> chosen{u}, rejected{v}, none{0};
    const std::vector<std::uint32_t> tokens{1};
    return loss(pair_scores<double>{.chosen = chosen,
                                    .rejected = rejected,
                                    .reference_chosen = none,
                                    .reference_rejected = none,
                                    .chosen_tokens = tokens,
                                    .rejected_tokens = tokens},
                pair_gradients<double>{})
        .loss;
}

} // namespace

TEST_CASE("losses of each response alone fall when the chosen one gains") {
    CHECK(value_of(nca{}, 2, 0) < value_of(nca{}, 1, 0));
    CHECK(value_of(bco_pair{}, 2, 0) < value_of(bco_pair{}, 1, 0));
    CHECK(value_of(apo_zero{.beta = 1}, 2, -1) == doctest::Approx(1 - sigmoid(2.0) + sigmoid(-1.0)));
    CHECK(value_of(sppo_hard{}, 2, 0) < value_of(sppo_hard{}, 1, 0));
}
