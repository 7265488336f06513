#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/log_space.hpp>
#include <preflearn/loss/named_reference_free.hpp>

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

TEST_CASE("SimPO without a margin is the logistic loss of token means, and a longer margin costs more") {
    CHECK(value_of(simpo{.beta = 2, .simpo_gamma = 0}, -1, -2) == doctest::Approx(softplus(-2.0)));
    CHECK(value_of(simpo{.beta = 2, .simpo_gamma = 1}, -1, -2) > value_of(simpo{.beta = 2, .simpo_gamma = 0}, -1, -2));
}
