#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/log_mean_exp.hpp>

using namespace preflearn;

TEST_CASE("a log-mean-exp forgets neither small nor distant terms, in one piece or merged") {
    std::vector<double> small(1000);
    for (std::size_t i = 0; i < 1000; ++i) small[i] = -1e-12 * static_cast<double>(i);
    CHECK(log_mean_exp::of<double>(small).value() == doctest::Approx(-1e-12 * 499.5).epsilon(1e-9));
    const std::vector<double> far{-1000, -2000}, weights{1, 3};
    const log_mean_exp both = log_mean_exp::of<double>(far, weights);
    CHECK(both.value() == doctest::Approx(-1000 - std::log(4.0)).epsilon(1e-15));
    CHECK(both.share<double>()(-1000) == 4);
    const auto alone = [&](std::size_t i) {
        return log_mean_exp::of(std::span(far).subspan(i, 1), std::span(weights).subspan(i, 1));
    };
    log_mean_exp merged = alone(1);
    merged += log_mean_exp();
    merged += alone(0);
    CHECK(both.share_of(alone(0)) == 4);
    CHECK(both.share_of(log_mean_exp()) == 0);
    CHECK(merged.value() == both.value());
    CHECK(log_mean_exp{}.value() == -std::numeric_limits<double>::infinity());
}
