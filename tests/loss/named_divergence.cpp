#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/log_space.hpp>
#include <preflearn/loss/named_divergence.hpp>

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

TEST_CASE("the losses of a score difference have their closed forms") {
    CHECK(value_of(dpo{.beta = 0.5}, 3, 1) == doctest::Approx(softplus(-1.0)));
    CHECK(value_of(hinge{.beta = 0.1}, 3, 1) == doctest::Approx(0.8));
    CHECK(value_of(ipo_sum{.beta = 0.5}, 3, 1) == doctest::Approx(1));
    CHECK(value_of(cdpo{.beta = 0.5, .label_smoothing = 0}, 3, 1) == doctest::Approx(value_of(dpo{.beta = 0.5}, 3, 1)));
}
