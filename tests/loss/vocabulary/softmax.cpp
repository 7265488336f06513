#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/loss/vocabulary/softmax.hpp>

#include "../../numbers.hpp"

using namespace preflearn;

namespace {

template <class T> std::vector<T> random_logits(std::size_t count, double scale) {
    generator random(5, "logits", count);
    std::vector<T> values(count);
    for (T& value : values) value = static_cast<T>(scale * random.normal());
    return values;
}

template <class T> softmax_sums in_pieces(std::span<const T> values, std::size_t piece) {
    softmax_sums sums;
    for (std::size_t i = 0; i < values.size(); i += piece)
        sums.merge(sums_of_logits(values.subspan(i, std::min(piece, values.size() - i)), softmax_moments::all));
    return sums;
}

} // namespace

TEST_CASE("merged sums are those of the whole row, however it is cut") {
    for (const std::size_t size : {1UL, 63UL, 1000UL, 5000UL}) {
        const auto logits = random_logits<double>(size, 30);
        const double whole = log_sum_exp(std::span<const double>(logits));
        long double entropy = 0, squares = 0;
        for (const double z : logits) {
            const long double log_p = static_cast<long double>(z) - static_cast<long double>(whole);
            entropy -= std::exp(log_p) * log_p;
            squares += std::exp(2 * log_p);
        }
        for (const std::size_t piece : {1UL, 7UL, 64UL, 999UL, size}) {
            const softmax_sums sums = in_pieces<double>(logits, piece);
            CHECK(sums.normaliser() == doctest::Approx(whole).epsilon(1e-14));
            CHECK(std::abs(sums.entropy() - static_cast<double>(entropy)) < 1e-12);
            CHECK(std::abs(sums.log_sum_squares() - static_cast<double>(std::log(squares))) < 1e-12);
        }
    }
    const auto narrow = random_logits<float>(1000, 30);
    const std::vector<double> widened(narrow.begin(), narrow.end());
    const softmax_sums in_float = in_pieces<float>(narrow, 100), in_double = in_pieces<double>(widened, 100);
    CHECK(in_float.normaliser() == doctest::Approx(in_double.normaliser()).epsilon(1e-6));
    CHECK(in_float.entropy() == doctest::Approx(in_double.entropy()).epsilon(1e-5));
}

TEST_CASE("a uniform row has entropy log n and Σ p² = 1/n; a row with one finite logit has no entropy") {
    const std::vector<float> uniform(3000, -7.5F);
    const softmax_sums flat = in_pieces<float>(uniform, 700);
    CHECK(flat.normaliser() == doctest::Approx(-7.5 + std::log(3000.0)).epsilon(1e-12));
    CHECK(flat.entropy() == doctest::Approx(std::log(3000.0)).epsilon(1e-12));
    CHECK(flat.log_sum_squares() == doctest::Approx(-std::log(3000.0)).epsilon(1e-12));
    std::vector<double> one(100, -test::infinity);
    one[41] = 2;
    for (const std::size_t piece : {1UL, 10UL, 100UL}) {
        const softmax_sums sums = in_pieces<double>(one, piece);
        CHECK(sums.is_sound());
        CHECK(sums.normaliser() == 2);
        CHECK(sums.entropy() == 0);
        CHECK(sums.log_sum_squares() == 0);
    }
}

TEST_CASE("logits of any size neither overflow nor vanish") {
    const std::vector<float> high = {3e38F, 3e38F}, low = {-3e38F, -3e38F};
    CHECK(in_pieces<float>(high, 1).normaliser() == doctest::Approx(static_cast<double>(3e38F)));
    CHECK(in_pieces<float>(low, 2).normaliser() == doctest::Approx(static_cast<double>(-3e38F)));
    CHECK(in_pieces<float>(high, 1).entropy() == doctest::Approx(std::log(2.0)));
    const std::vector<double> apart = {-1e308, 1e308, 3};
    for (const std::size_t piece : {1UL, 2UL, 3UL}) {
        CHECK(in_pieces<double>(apart, piece).normaliser() == 1e308);
        CHECK(in_pieces<double>(apart, piece).entropy() == 0);
    }
    CHECK(softmax_sums{}.normaliser() == -test::infinity);
    CHECK_FALSE(softmax_sums{}.is_sound());
}

TEST_CASE("NaN and +∞ anywhere show in the sums, −∞ alone is not sound") {
    const std::vector<double> impossible = {-test::infinity, -test::infinity};
    CHECK_FALSE(in_pieces<double>(impossible, 1).is_sound());
    for (const double wrong : {std::nan(""), test::infinity}) {
        for (const std::size_t at : {0UL, 70UL, 139UL}) {
            auto logits = random_logits<double>(140, 1);
            logits[at] = wrong;
            for (const std::size_t piece : {1UL, 64UL, 140UL}) {
                const softmax_sums sums = in_pieces<double>(logits, piece);
                CHECK_FALSE(sums.is_sound());
                CHECK(std::isnan(sums.normaliser()));
            }
        }
    }
}

TEST_CASE("the gradient of a weighted log-probability is its finite difference, and sums to zero") {
    auto logits = random_logits<double>(11, 2);
    const std::size_t target = 4;
    const double weight = -1.7, step = 1e-6;
    const auto normaliser = [&] { return in_pieces<double>(logits, 3).normaliser(); };
    const auto value = [&] { return weight * (logits[target] - normaliser()); };
    std::vector<double> gradient = logits;
    log_softmax_gradient(std::span<double>(gradient).first(6), normaliser(), weight);
    log_softmax_gradient(std::span<double>(gradient).subspan(6), normaliser(), weight);
    gradient[target] += weight;
    double sum = 0;
    for (std::size_t i = 0; i < logits.size(); ++i) {
        const double centre = logits[i];
        logits[i] = centre + step;
        const double up = value();
        logits[i] = centre - step;
        const double down = value();
        logits[i] = centre;
        CHECK(gradient[i] == doctest::Approx((up - down) / (2 * step)).epsilon(1e-7));
        sum += gradient[i];
    }
    CHECK(std::abs(sum) < 1e-14);
}

TEST_CASE("in float the gradient is accurate relative to each entry, for a large normaliser, too") {
    auto logits = random_logits<float>(500, 3);
    for (float& z : logits) z += 1000;
    const softmax_sums sums = sums_of_logits(std::span<const float>(logits));
    std::vector<float> gradient = logits;
    log_softmax_gradient(std::span<float>(gradient), sums.normaliser(), -2.0);
    for (std::size_t i = 0; i < logits.size(); ++i) {
        const double p = std::exp(static_cast<double>(logits[i]) - sums.normaliser());
        CHECK(static_cast<double>(gradient[i]) == doctest::Approx(2 * p).epsilon(2e-6));
    }
}

TEST_CASE("exponentials take the place of logits, relative to the highest of the piece") {
    auto piece = random_logits<double>(100, 5);
    piece[3] = -test::infinity;
    const auto logits = piece;
    const softmax_sums sums = exponentials_of_logits(std::span<double>(piece));
    CHECK(sums.high == *std::ranges::max_element(logits));
    for (std::size_t i = 0; i < piece.size(); ++i)
        CHECK(piece[i] == doctest::Approx(std::exp(logits[i] - sums.high)).epsilon(1e-14));
    std::vector<double> excluded(5, -test::infinity);
    exponentials_of_logits(std::span<double>(excluded));
    CHECK(excluded == std::vector<double>(5, 0.0));
    std::vector<double> wrong = {1, std::nan(""), 2};
    CHECK(std::isnan(exponentials_of_logits(std::span<double>(wrong)).high));
    CHECK(wrong[0] == 1);
}
