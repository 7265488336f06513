#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/policy/sampling/draw_token.hpp>

using namespace preflearn;

namespace {

const std::vector<float> six_logits = {1.0F, 0.2F, -1.0F, 0.2F, 2.0F, -3.0F};

/// Pearson's statistic of draws against probabilities, and whether anything impossible was drawn.
struct outcome {
    double chi_squared = 0;
    bool impossible = false;
};
outcome frequencies(const sampling_options& options, const std::vector<double>& probabilities) {
    const std::size_t draws = 20000;
    std::vector<double> counts(six_logits.size());
    generator random(23, "frequencies");
    token_drawer draw;
    for (std::size_t i = 0; i < draws; ++i)
        counts[static_cast<std::size_t>(draw(std::span(six_logits), options, random))] += 1;
    outcome result;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const double expected = probabilities[i] * static_cast<double>(draws);
        if (probabilities[i] == 0) {
            result.impossible |= counts[i] != 0;
        } else {
            result.chi_squared += (counts[i] - expected) * (counts[i] - expected) / expected;
        }
    }
    return result;
}

std::vector<double> softmax(double temperature, const std::vector<std::size_t>& kept) {
    std::vector<double> p(six_logits.size());
    double total = 0;
    for (const std::size_t i : kept) total += p[i] = std::exp(static_cast<double>(six_logits[i]) / temperature);
    for (double& value : p) value /= total;
    return p;
}

} // namespace

TEST_CASE("tokens are drawn as often as the filtered softmax says") {
    const double limit = 25; // of chi squared with 5 degrees of freedom: exceeded once in 7000 times
    for (const double temperature : {0.5, 1.0, 3.0}) {
        const auto all = frequencies({.temperature = temperature}, softmax(temperature, {0, 1, 2, 3, 4, 5}));
        CHECK(all.chi_squared < limit);
    }
    const auto three = frequencies({.top_k = 3}, softmax(1, {0, 1, 4})); // equal logits: the lower id is kept
    CHECK(three.chi_squared < limit);
    CHECK(!three.impossible);
    // probabilities in order: 0.53, 0.19, 0.09, 0.09, ...; 0.7 needs two of them, 0.75 three
    const auto two = frequencies({.top_p = 0.7}, softmax(1, {0, 4}));
    CHECK(two.chi_squared < limit);
    CHECK(!two.impossible);
    // top-p applies to what top-k and the temperature have left
    const auto both = frequencies({.temperature = 2, .top_k = 2, .top_p = 0.99}, softmax(2, {0, 4}));
    CHECK(both.chi_squared < limit);
    CHECK(!both.impossible);
}

TEST_CASE("min-p keeps what is so many times as likely as the likeliest, behind top-k and top-p") {
    const double limit = 25;
    // over the likeliest's: 1, 0.37, 0.17, 0.17, 0.05, 0.007
    const auto two = frequencies({.min_p = 0.3}, softmax(1, {0, 4}));
    CHECK(two.chi_squared < limit);
    CHECK(!two.impossible);
    const auto four = frequencies({.min_p = 0.1}, softmax(1, {0, 1, 3, 4}));
    CHECK(four.chi_squared < limit);
    CHECK(!four.impossible);
    const auto three = frequencies({.top_k = 3, .min_p = 0.1}, softmax(1, {0, 1, 4}));
    CHECK(three.chi_squared < limit);
    CHECK(!three.impossible);
    const auto hot = frequencies({.temperature = 2, .min_p = 0.5}, softmax(2, {0, 4})); // of the tempered softmax
    CHECK(hot.chi_squared < limit);
    CHECK(!hot.impossible);
    // top-p counts what min-p takes away after it: 0.9 needs four tokens, of which two are likely enough
    const auto both = frequencies({.top_p = 0.9, .min_p = 0.3}, softmax(1, {0, 4}));
    CHECK(both.chi_squared < limit);
    CHECK(!both.impossible);
    const auto narrow = frequencies({.top_p = 0.5, .min_p = 0.1}, softmax(1, {4}));
    CHECK(!narrow.impossible);
    const auto equals = frequencies({.min_p = 1}, softmax(1, {4}));
    CHECK(!equals.impossible);
    CHECK_THROWS_WITH_AS(check(sampling_options{.min_p = -0.1}), doctest::Contains("min_p"), argument_error);
}

TEST_CASE("greedy, the likeliest alone and a tiny top-p take the first maximum") {
    const std::vector<double> tie = {0, 3, 1, 3};
    token_drawer draw;
    generator random(1, "draw");
    for (const sampling_options& options :
         {sampling_options{.temperature = 0}, sampling_options{.top_k = 1}, sampling_options{.top_p = 1e-9}})
        for (int i = 0; i < 20; ++i) CHECK(draw(std::span(tie), options, random) == 1);
}

TEST_CASE("impossible tokens are never drawn, whatever the filters keep") {
    const double infinity = std::numeric_limits<double>::infinity();
    const std::vector<double> row = {-infinity, 0, -infinity, 0};
    token_drawer draw;
    generator random(2, "draw");
    for (int i = 0; i < 200; ++i) {
        CHECK(draw(std::span(row), {}, random) % 2 == 1);
        CHECK(draw(std::span(row), {.top_k = 3}, random) % 2 == 1);
        CHECK(draw(std::span(row), {.temperature = 1e-300}, random) % 2 == 1);
    }
}

TEST_CASE("options out of range and logits that are not numbers are errors") {
    CHECK_THROWS_WITH_AS(check(sampling_options{.temperature = -1}), doctest::Contains("temperature"), argument_error);
    CHECK_THROWS_AS(check(sampling_options{.temperature = std::nan("")}), argument_error);
    CHECK_THROWS_WITH_AS(check(sampling_options{.top_p = 0}), doctest::Contains("top_p"), argument_error);
    CHECK_THROWS_AS(check(sampling_options{.top_p = 1.5}), argument_error);
    const std::vector<double> wrong = {0, std::nan(""), 1};
    token_drawer draw;
    generator random(3, "draw");
    CHECK_THROWS_WITH_AS(draw(std::span(wrong), {}, random), doctest::Contains("token 1"), numeric_error);
}

TEST_CASE("a draw from the likeliest of many tokens is that from all of them sorted") {
    std::vector<float> logits(3000);
    generator values(3, "logits");
    for (const double spread : {0.1, 3.0, 40.0}) { // the last: most weights are far below a thousandth
        for (float& z : logits) z = static_cast<float>(std::round(values.normal() * 4) / 4 * spread); // many are equal
        const double high = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
        std::vector<double> weights;
        std::vector<std::size_t> order;
        double total = 0;
        for (const float z : logits) {
            total += weights.emplace_back(std::exp(static_cast<double>(z) - high));
            order.push_back(order.size());
        }
        std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return weights[a] > weights[b] || (weights[a] == weights[b] && a < b);
        });
        for (const double top_p : {0.3, 0.95, 0.9999999, 1 - 1e-16}) {
            std::size_t count = 0;
            double kept = 0;
            while (count < order.size() && kept < top_p * total) kept += weights[order[count++]];
            generator one(4, "draws"), other(4, "draws");
            token_drawer draw;
            for (int i = 0; i < 20; ++i) {
                double left = one.uniform() * kept;
                std::size_t at = 0;
                while (at + 1 < count && left >= weights[order[at]]) left -= weights[order[at++]];
                CHECK(draw(std::span(std::as_const(logits)), {.top_p = top_p}, other) ==
                      static_cast<token_id>(order[at]));
            }
        }
    }
}
