#include <array>
#include <cmath>

#include <doctest/doctest.h>

#include <preflearn/loss/pairs/mixed_penalty.hpp>
#include <preflearn/loss/parts/label_links.hpp>
#include <preflearn/loss/parts/margin_links.hpp>
#include <preflearn/loss/parts/pair_links.hpp>

using namespace preflearn;

namespace {

/// The penalty of z under a mixture, by the exponentials that the link takes.
template <bool Plain, class Link>
margin_penalty<double> mixed_at(const Link& link, const target_mixture<double>& mixture, double z) {
    piece_steps<double> steps;
    steps.z[0] = z;
    form_powers(link, 1, steps, std::abs(z));
    return mixed_penalty<Plain>(link, mixture, z, 0.25, steps.power[0][0]);
}
template <bool Plain, class Link>
pair_penalty<double> mixed_at(const Link& link, const target_mixture<double>& mixture, double a, double b) {
    piece_steps<double> steps;
    steps.a[0] = a;
    steps.b[0] = b;
    steps.z[0] = a - b;
    form_powers(link, 1, steps, std::abs(a - b));
    return mixed_penalty<Plain>(link, mixture, steps, 0);
}

} // namespace

TEST_CASE("the penalty is a φ(z) + b φ(−z) + constant, whether a link takes exponentials, mixes, or neither") {
    const auto check = [](const auto& link) {
        for (const double z : {-20.0, -0.3, 0.0, 0.7, 20.0}) {
            const margin_penalty<double> at = link(z), swapped = link(-z);
            const margin_penalty<double> mixed = mixed_at<false>(link, {0.75, 0.5, 3}, z);
            CHECK(mixed.value == doctest::Approx(0.75 * at.value + 0.5 * swapped.value + 3).epsilon(1e-14));
            CHECK(mixed.derivative == doctest::Approx(0.75 * at.derivative - 0.5 * swapped.derivative).epsilon(1e-13));
            CHECK(mixed_at<true>(link, {1, 0, 0}, z).value == mixed_at<false>(link, {1, 0, 0}, z).value);
            CHECK(mixed_at<true>(link, {1, 0, 0}, z).derivative == mixed_at<false>(link, {1, 0, 0}, z).derivative);
        }
    };
    check(logistic{});
    check(noise_tolerant_link{});
    check(reverse_kl_to_label::of(0.01));
    check(squared_link{.centre = 0.5});
    const margin_penalty<double> labelled = mixed_at<false>(kl_to_label{}, {1, 0, 3}, 0.7);
    CHECK(labelled.value == kl_to_label{}(0.7, 0.25).value + 3);
    CHECK(labelled.derivative == kl_to_label{}(0.7, 0.25).derivative);
}

TEST_CASE("the same of both scores, with two exponentials, three or none") {
    const auto check = [](const auto& link, const auto& plain) {
        for (const auto& [a, b] : {std::array{-3.0, 2.0}, std::array{0.1, 0.1}, std::array{5.0, -7.0}}) {
            const pair_penalty<double> at = plain(a, b), swapped = plain(b, a);
            const pair_penalty<double> mixed = mixed_at<false>(link, {0.75, 0.5, 3}, a, b);
            CHECK(mixed.value == doctest::Approx(0.75 * at.value + 0.5 * swapped.value + 3).epsilon(1e-14));
            CHECK(mixed.d_chosen == doctest::Approx(0.75 * at.d_chosen + 0.5 * swapped.d_rejected).epsilon(1e-13));
            CHECK(mixed.d_rejected == doctest::Approx(0.75 * at.d_rejected + 0.5 * swapped.d_chosen).epsilon(1e-13));
        }
    };
    check(noise_contrast{}, noise_contrast{});
    check(binary_classifier{.shift = 0.5}, binary_classifier{.shift = 0.5});
    check(anchored_down{}, anchored_down{});
    check(preference_and_quality{}, [](double a, double b) { return preference_and_quality{}(a, b, a - b); });
}

TEST_CASE("a share of zero silences a swapped penalty beyond the type's range") {
    const margin_penalty<double> mixed = mixed_at<false>(exponential_link{}, {1, 0, 0}, 1e200);
    CHECK(mixed.value == 0);
    CHECK(mixed.derivative == 0);
}
