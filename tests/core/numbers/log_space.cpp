#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/log_space.hpp>

using namespace preflearn;

namespace {

/// Whether `found` is the true value up to a few units in the last place of its type (or of its smallest number).
template <class Real> bool close(Real found, double expected, double units = 4) {
    using limits = std::numeric_limits<Real>;
    const double allowed = std::max(units * static_cast<double>(limits::epsilon()) * std::abs(expected),
                                    static_cast<double>(limits::denorm_min()));
    return std::abs(static_cast<double>(found) - expected) <= allowed;
}

// True values from mpmath with 60 digits; the arguments are exact in float.

struct at_point {
    double x, sigmoid, softplus;
};
constexpr std::array points{at_point{-800, 0, 0},
                            at_point{-104, 6.8135568215452985e-46, 6.8135568215452985e-46},
                            at_point{-88, 6.0546018954011858845e-39, 6.0546018954011858845e-39},
                            at_point{-40, 4.2483542552915889773e-18, 4.2483542552915889863e-18},
                            at_point{-17, 4.1399375473943306009e-8, 4.1399376330897474477e-8},
                            at_point{-3.5, 0.029312230751356318865, 0.029750418272620565195},
                            at_point{-1, 0.26894142136999512075, 0.31326168751822283405},
                            at_point{-0.0009765625, 0.49975585939440255179, 0.69265901851923012325},
                            at_point{0, 0.5, 0.69314718055994530942},
                            at_point{0.0009765625, 0.50024414060559744821, 0.69363558101923012325},
                            at_point{1, 0.73105857863000487925, 1.313261687518222834},
                            at_point{3.5, 0.97068776924864368113, 3.5297504182726205652},
                            at_point{17, 0.99999995860062452606, 17.000000041399376331},
                            at_point{40, 1, 40},
                            at_point{104, 1, 104},
                            at_point{800, 1, 800}};

} // namespace

TEST_CASE_TEMPLATE("the logistic function and its logarithm are accurate in both tails", Real, float, double) {
    constexpr Real largest = std::numeric_limits<Real>::max(), infinity = std::numeric_limits<Real>::infinity();
    for (const at_point& p : points) {
        const Real x = static_cast<Real>(p.x);
        CAPTURE(p.x);
        CHECK(close(sigmoid(x), p.sigmoid));
        CHECK(close(softplus(x), p.softplus));
        CHECK(close(log_sigmoid(-x), -p.softplus));
        CHECK(sigmoid(x) + sigmoid(-x) == doctest::Approx(1).epsilon(std::numeric_limits<Real>::epsilon()));
    }
    CHECK(sigmoid(largest) == 1);
    CHECK(sigmoid(-largest) == 0);
    CHECK(softplus(largest) == largest);
    CHECK(log_sigmoid(-largest) == -largest);
    CHECK(sigmoid(infinity) == 1);
    CHECK(sigmoid(-infinity) == 0);
    CHECK(softplus(-infinity) == 0);
    CHECK(log_sigmoid(-infinity) == -infinity);
}

TEST_CASE_TEMPLATE("log(1 - e^x) is accurate near 0 and far below it", Real, float, double) {
    constexpr std::array<std::array<double, 2>, 9> values{{{-9.5367431640625e-07, -13.862944088036026496},
                                                           {-0.0009765625, -6.9319600471130235597},
                                                           {-0.25, -1.5086915494460321341},
                                                           {-0.6875, -0.69882643296940895893},
                                                           {-0.75, -0.63935346504035393971},
                                                           {-1, -0.45867514538708189102},
                                                           {-10, -0.000045400960370489209504},
                                                           {-40, -4.2483542552915890044e-18},
                                                           {-100, -3.7200759760208359644e-44}}};
    for (const auto& [x, expected] : values) {
        CAPTURE(x);
        CHECK(close(log1m_exp(static_cast<Real>(x)), expected));
    }
    CHECK(log1m_exp(Real(0)) == -std::numeric_limits<Real>::infinity());
    CHECK(log1m_exp(-std::numeric_limits<Real>::infinity()) == 0);
    CHECK(std::isnan(log1m_exp(Real(0.5))));
}

TEST_CASE_TEMPLATE("log-odds are accurate everywhere, around one half too, and odd about it", Real, float, double) {
    constexpr std::array<std::array<double, 2>, 9> values{{{0x1p-100, -69.314718055994530942},
                                                           {0x1p-20, -13.862942657524135034},
                                                           {0.125, -1.9459101490553133051},
                                                           {0.25, -1.0986122886681096914},
                                                           {0.375, -0.51082562376599068321},
                                                           {0.5 - 0x1p-20, -3.8146972656296259293e-6},
                                                           {0.5, 0},
                                                           {0.625, 0.51082562376599068321},
                                                           {1 - 0x1p-20, 13.862942657524135034}}};
    for (const auto& [p, expected] : values) {
        CAPTURE(p);
        CHECK(close(logit(static_cast<Real>(p)), expected));
        if (p > 0x1p-20) CHECK(logit(static_cast<Real>(1 - p)) == doctest::Approx(-expected));
    }
    CHECK(logit(Real(0)) == -std::numeric_limits<Real>::infinity());
    CHECK(logit(Real(1)) == std::numeric_limits<Real>::infinity());
    CHECK(std::isnan(logit(Real(-0.5))));
    CHECK(std::isnan(logit(Real(1.5))));
}

TEST_CASE_TEMPLATE("sums of exponentials neither overflow nor underflow", Real, float, double) {
    constexpr std::array<std::array<double, 3>, 6> values{{{-1000, -1000, -999.30685281944005469},
                                                           {-1000, -1003, -999.95141264842625794},
                                                           {0, -1, 0.31326168751822283405},
                                                           {0, -50, 1.928749847963917783e-22},
                                                           {700, 710, 710.00004539889921686},
                                                           {-5, 3, 3.0003354063728957688}}};
    for (const auto& [x, y, expected] : values) {
        const std::array both{static_cast<Real>(x), static_cast<Real>(y)};
        CHECK(close(log_add_exp(both[0], both[1]), expected));
        CHECK(log_add_exp(both[1], both[0]) == log_add_exp(both[0], both[1]));
        if (expected < -1 || expected > 1) CHECK(close(log_sum_exp(std::span<const Real>(both)), expected));
    }
    std::vector<Real> many;
    for (int k = 0; k < 17; ++k) many.push_back(static_cast<Real>(k) / 4 - 1000);
    CHECK(close(log_sum_exp(std::span<const Real>(many)), -994.50567539655698033));
    const std::vector<Real> equal(1'000'000, Real(-3));
    CHECK(close(log_sum_exp(std::span<const Real>(equal)), -3 + std::log(1e6)));
}

TEST_CASE_TEMPLATE("the sum of nothing is zero, an infinite term is the sum, and NaN stays NaN", Real, float, double) {
    constexpr Real infinity = std::numeric_limits<Real>::infinity(), nan = std::numeric_limits<Real>::quiet_NaN();
    const auto sum = [](std::vector<Real> x) { return log_sum_exp(std::span<const Real>(x)); };
    CHECK(sum({}) == -infinity);
    CHECK(sum({-infinity, -infinity}) == -infinity);
    CHECK(sum({-infinity, 2}) == 2);
    CHECK(sum({1, infinity}) == infinity);
    CHECK(log_add_exp(-infinity, -infinity) == -infinity);
    CHECK(log_add_exp(-infinity, Real(2)) == 2);
    CHECK(log_add_exp(infinity, -infinity) == infinity);
    for (const Real other : {Real(1), infinity, -infinity, nan}) {
        CHECK(std::isnan(sum({other, nan})));
        CHECK(std::isnan(sum({nan, other})));
        CHECK(std::isnan(log_add_exp(other, nan)));
        CHECK(std::isnan(log_add_exp(nan, other)));
    }
    CHECK(std::isnan(sigmoid(nan)));
    CHECK(std::isnan(softplus(nan)));
    CHECK(std::isnan(log1m_exp(nan)));
    CHECK(std::isnan(logit(nan)));
}
