#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>

#include <preflearn/pipeline/noise/noise_estimate.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

estimate noise_rate(double value, double low, double high) {
    return {.value = value,
            .standard_error = (high - low) / 4,
            .bounds = {low, high},
            .count = 40,
            .status = estimate_status::ok};
}

} // namespace

TEST_CASE("noise is what accuracy is not, and a pair's is that of its margin") {
    const noise_estimate noise = noise_of(noise_rate(0.75, 0.7, 0.8), 50, 0.3);
    CHECK(noise.rate.value == 0.25);
    CHECK(noise.rate.bounds.low == doctest::Approx(0.2));
    CHECK(noise.rate.bounds.high == doctest::Approx(0.3));
    CHECK(noise.pairs == 50);
    CHECK(noise.usable());
    CHECK_FALSE(noise_of(noise_rate(0.5, 0.4, 0.6), 9).usable());
    CHECK_FALSE(noise_of(estimate::none(estimate_status::empty), 0).usable());
    CHECK(pair_noise(0) == 0.5);
    CHECK(pair_noise(-3, 2) == doctest::Approx(1 / (1 + std::exp(1.5))));
    CHECK(pair_noise(3, 2) == pair_noise(-3, 2));
}

TEST_CASE("n labels are worth n (1 - 2e)^2, and nothing from 1/2 on") {
    const estimate worth = effective_sample_size(1000, noise_rate(0.25, 0.2, 0.3));
    CHECK(worth.value == doctest::Approx(250));
    CHECK(worth.bounds.low == doctest::Approx(160));
    CHECK(worth.bounds.high == doctest::Approx(360));
    CHECK(worth.standard_error == doctest::Approx(4 * 1000 * 0.5 * 0.025));
    const estimate coin = effective_sample_size(1000, noise_rate(0.6, 0.45, 0.7));
    CHECK(coin.defined());
    CHECK(coin.value == 0);
    CHECK(coin.bounds.low == 0);
    CHECK(coin.bounds.high == doctest::Approx(10));
    CHECK(effective_sample_size(10, estimate::none(estimate_status::too_few)).status == estimate_status::too_few);
    CHECK(test::contains(test::error_of([] { effective_sample_size(-1, noise_rate(0, 0, 0)); }), "number of labels"));
}

TEST_CASE("people who err themselves hide some of the noise") {
    // wrong 0.3 and 0.1 of the time, independently: they disagree on 0.3 * 0.9 + 0.7 * 0.1
    const estimate truth = rate_behind(noise_rate(0.34, 0.3, 0.4), 0.1);
    CHECK(truth.value == doctest::Approx(0.3));
    CHECK(truth.bounds.low == doctest::Approx(0.25));
    CHECK(truth.bounds.high == doctest::Approx(0.375));
    CHECK(rate_behind(noise_rate(0.05, 0.02, 0.2), 0.1).value == 0); // better than people can be told
    CHECK(test::contains(test::error_of([] { rate_behind(noise_rate(0, 0, 0), 0.5); }), "below 1/2"));
}

TEST_CASE("a weak label's worth in human ones is the ratio of what both keep") {
    const estimate weak = noise_rate(0.3, 0.25, 0.35);
    const estimate known = exchange_rate(weak, 0.1); // 0.4^2 / 0.8^2, whose bounds are those of the one estimate
    CHECK(known.value == doctest::Approx(0.25));
    CHECK(known.bounds.low == doctest::Approx(0.3 * 0.3 / 0.64));
    CHECK(known.bounds.high == doctest::Approx(0.5 * 0.5 / 0.64));
    const estimate both = exchange_rate(weak, noise_rate(0.1, 0.05, 0.15));
    CHECK(both.value == known.value);
    CHECK(both.bounds.low < known.bounds.low); // a second source of doubt widens them
    CHECK(both.bounds.high > known.bounds.high);
    CHECK(both.bounds.low > 0.3 * 0.3 / (0.9 * 0.9)); // and not as far as both ends at once
    CHECK(both.bounds.high < 0.5 * 0.5 / (0.7 * 0.7));
    CHECK(both.standard_error == doctest::Approx(0.25 * 4 * std::hypot(0.025 / 0.4, 0.025 / 0.8)));
    CHECK(exchange_rate(noise_rate(0.5, 0.4, 0.6), 0.1).value == 0);
    CHECK(exchange_rate(weak, 0.5).status == estimate_status::not_applicable);
    CHECK(std::isinf(exchange_rate(weak, noise_rate(0.4, 0.3, 0.55)).bounds.high));
    CHECK_FALSE(exchange_rate(estimate::none(estimate_status::empty), 0.1).defined());
}

TEST_CASE("labels turned on purpose come on top, half of them being noise already") {
    const noise_estimate turned = with_flips(noise_of(noise_rate(0.8, 0.7, 0.9), 10, 0.25), 0.25);
    CHECK(turned.rate.value == doctest::Approx(0.2 * 0.75 + 0.8 * 0.25));
    CHECK(turned.expected == doctest::Approx(0.375));
    CHECK(turned.rate.bounds.high == doctest::Approx(0.3 + 0.25 - 0.15));
    CHECK(with_flips(noise_of(noise_rate(0.9, 0.8, 0.95), 10), 0.5).rate.value == doctest::Approx(0.5));
    CHECK(std::isnan(with_flips(noise_of(noise_rate(0.9, 0.8, 0.95), 10), 0.5).expected));
}
