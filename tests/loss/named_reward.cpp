#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/log_space.hpp>
#include <preflearn/loss/named_reward.hpp>

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

TEST_CASE("the Bradley-Terry loss of rewards is log(1 + e^-difference), and smoothing lifts it") {
    CHECK(value_of(bradley_terry{}, 3, 1) == doctest::Approx(softplus(-2.0)));
    CHECK(value_of(smoothed_bradley_terry{}, 3, 1) >= value_of(bradley_terry{}, 3, 1));
}
