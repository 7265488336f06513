#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <preflearn/core/log_space.hpp>
#include <preflearn/core/random.hpp>
#include <preflearn/loss/vocabulary.hpp>

using namespace preflearn;

namespace {

template <class T> std::vector<T> random_logits(std::size_t count, double scale) {
    generator random(5, "logits", count);
    std::vector<T> values(count);
    for (T& value : values) value = static_cast<T>(scale * random.normal());
    return values;
}

template <class T> double in_pieces(std::span<const T> values, std::size_t piece) {
    online_log_sum_exp sum;
    for (std::size_t i = 0; i < values.size(); i += piece)
        sum.add(values.subspan(i, std::min(piece, values.size() - i)));
    return sum.value();
}

} // namespace

TEST_CASE("the online log-sum-exp equals the one of the whole row, however it is cut") {
    const auto logits = random_logits<double>(1000, 30);
    const double whole = log_sum_exp(std::span<const double>(logits));
    for (const std::size_t piece : {1UL, 7UL, 64UL, 999UL, 1000UL})
        CHECK(in_pieces<double>(logits, piece) == doctest::Approx(whole).epsilon(1e-14));
    const auto narrow = random_logits<float>(1000, 30);
    const std::vector<double> wide(narrow.begin(), narrow.end());
    CHECK(in_pieces<float>(narrow, 100) == doctest::Approx(log_sum_exp(std::span<const double>(wide))).epsilon(1e-6));
}

TEST_CASE("logits of any size neither overflow nor vanish") {
    const std::vector<float> high = {3e38F, 3e38F}, low = {-3e38F, -3e38F};
    CHECK(in_pieces<float>(high, 1) == doctest::Approx(static_cast<double>(3e38F)));
    CHECK(in_pieces<float>(low, 2) == doctest::Approx(static_cast<double>(-3e38F)));
    const double infinity = std::numeric_limits<double>::infinity();
    const std::vector<double> impossible = {-infinity, -infinity}, one_possible = {-infinity, 2, -infinity};
    CHECK(in_pieces<double>(impossible, 1) == -infinity);
    CHECK(in_pieces<double>(one_possible, 1) == 2);
    CHECK(online_log_sum_exp{}.value() == -infinity);
    const std::vector<double> wrong = {1, std::nan(""), 3};
    CHECK(std::isnan(in_pieces<double>(wrong, 1)));
    CHECK(std::isnan(in_pieces<double>(wrong, 3)));
}

TEST_CASE("the gradient of a weighted log-probability is its finite difference, and sums to zero") {
    auto logits = random_logits<double>(11, 2);
    const std::size_t target = 4;
    const double weight = -1.7, step = 1e-6;
    const auto value = [&] {
        return weight * log_softmax_at(std::span<const double>(logits), target, in_pieces<double>(logits, 3));
    };
    std::vector<double> gradient = logits;
    log_softmax_gradient(std::span<double>(gradient).first(6), in_pieces<double>(logits, 3), weight);
    log_softmax_gradient(std::span<double>(gradient).subspan(6), in_pieces<double>(logits, 3), weight);
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
