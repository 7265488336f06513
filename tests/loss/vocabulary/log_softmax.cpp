#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <span>
#include <string>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <nlohmann/json.hpp>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/loss/vocabulary/log_softmax.hpp>

#include "../../numbers.hpp"

using namespace preflearn;

namespace {

/// A matrix of logits with a target and a weight for every row.
template <class Logit> struct problem {
    std::size_t rows, vocabulary;
    std::vector<Logit> logits;
    std::vector<token_id> targets;
    std::vector<double> weights;

    problem(std::size_t row_count, std::size_t columns, double scale)
        : rows(row_count), vocabulary(columns), logits(rows * columns), targets(rows), weights(rows) {
        generator random(3, "vocabulary", rows * columns);
        for (Logit& value : logits) value = static_cast<Logit>(static_cast<computed_t<Logit>>(scale * random.normal()));
        for (token_id& target : targets) target = static_cast<token_id>(random.below(columns));
        for (double& weight : weights) weight = random.normal();
    }
    [[nodiscard]] matrix_view<const Logit> view() const { return {logits.data(), rows, vocabulary}; }
};

struct results {
    std::vector<double> log_probs, normalisers, entropies, log_sum_squares, gradient;
    explicit results(std::size_t rows) : log_probs(rows), normalisers(rows), entropies(rows), log_sum_squares(rows) {}
    [[nodiscard]] vocabulary_scores where() { return {log_probs, normalisers, entropies, log_sum_squares}; }
};

using transforms = logit_transform<double>;

/// By the definitions, in long double.
template <class Logit> results naive_results(const problem<Logit>& of, const transforms& transform = {}) {
    results found(of.rows);
    for (std::size_t r = 0; r < of.rows; ++r) {
        std::vector<long double> z, slopes;
        for (std::size_t j = 0; j < of.vocabulary; ++j) {
            long double x = static_cast<long double>(static_cast<double>(of.view()(r, j)));
            if (!transform.bias.empty()) x += transform.bias[j];
            long double slope = 1 / static_cast<long double>(transform.temperature);
            if (transform.capped()) {
                const long double cap = transform.soft_cap, cosine = std::cosh(x / cap);
                slope /= cosine * cosine;
                x = cap * std::tanh(x / cap);
            }
            z.push_back(x / transform.temperature);
            slopes.push_back(slope);
        }
        const long double high = *std::max_element(z.begin(), z.end());
        long double sum = 0, entropy = 0, squares = 0;
        for (const long double value : z) sum += std::exp(value - high);
        const long double normaliser = high + std::log(sum);
        const auto target = static_cast<std::size_t>(of.targets[r]);
        for (std::size_t j = 0; j < of.vocabulary; ++j) {
            const long double p = std::exp(z[j] - normaliser);
            if (p > 0) entropy -= p * (z[j] - normaliser);
            squares += p * p;
            found.gradient.push_back(static_cast<double>(of.weights[r] * ((j == target ? 1 : 0) - p) * slopes[j]));
        }
        found.log_probs[r] = static_cast<double>(z[target] - normaliser);
        found.normalisers[r] = static_cast<double>(normaliser);
        found.entropies[r] = static_cast<double>(entropy);
        found.log_sum_squares[r] = static_cast<double>(std::log(squares));
    }
    return found;
}

/// Both functions of the library; they have to agree.
template <class Logit>
results computed(const problem<Logit>& of, const logit_transform<computed_t<Logit>>& transform = {}) {
    results forward(of.rows), found(of.rows);
    log_softmax(of.view(), of.targets, forward.where(), transform);
    std::vector<Logit> gradient = of.logits;
    log_softmax_and_gradient(matrix_view<Logit>(gradient.data(), of.rows, of.vocabulary), of.targets, of.weights,
                             found.where(), transform);
    found.gradient.assign(gradient.begin(), gradient.end());
    CHECK(forward.log_probs == found.log_probs);
    CHECK(forward.normalisers == found.normalisers);
    CHECK(forward.entropies == found.entropies);
    CHECK(forward.log_sum_squares == found.log_sum_squares);
    return found;
}

double difference(const std::vector<double>& a, const std::vector<double>& b) {
    REQUIRE(a.size() == b.size());
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        REQUIRE(std::isfinite(a[i]));
        worst = std::max(worst, std::abs(a[i] - b[i]) / std::max(1.0, std::abs(b[i])));
    }
    return worst;
}

double difference(const results& a, const results& b) {
    return std::max({difference(a.log_probs, b.log_probs), difference(a.normalisers, b.normalisers),
                     difference(a.entropies, b.entropies), difference(a.log_sum_squares, b.log_sum_squares),
                     difference(a.gradient, b.gradient)});
}

template <class Logit> std::vector<double> bias_of(std::size_t count) {
    const problem<double> random(1, count, 1);
    return random.logits;
}

} // namespace

TEST_CASE("values and gradients are those of the definition, for rows of any length") {
    for (const std::size_t columns : {1UL, 2UL, 63UL, 64UL, 65UL, 2047UL, 2048UL, 2049UL, 5000UL}) {
        const problem<double> wider(5, columns, 6);
        CHECK(difference(computed(wider), naive_results(wider)) < 1e-13);
        const problem<float> narrow(5, columns, 6);
        CHECK(difference(computed(narrow), naive_results(narrow)) < 3e-6);
    }
}

TEST_CASE("bias, temperature and soft cap change values and gradients as defined") {
    const problem<double> of(6, 3000, 20);
    const std::vector<double> bias = bias_of<double>(3000);
    for (const transforms& transform :
         {transforms{.bias = bias}, transforms{.temperature = 0.3}, transforms{.soft_cap = 15},
          transforms{.bias = bias, .soft_cap = 30, .temperature = 1.7}})
        CHECK(difference(computed(of, transform), naive_results(of, transform)) < 1e-13);
    const problem<float> narrow(6, 3000, 20);
    CHECK(difference(computed(narrow, {.soft_cap = 15, .temperature = 2}),
                     naive_results(narrow, {.soft_cap = 15, .temperature = 2})) < 3e-6);
}

TEST_CASE("16-bit logits are computed in float; the gradient is rounded once") {
    const problem<bfloat16> brain(4, 2500, 4);
    const problem<float16> half(4, 2500, 4);
    const auto check = [](const auto& of, double rounding, const logit_transform<float>& transform,
                          const transforms& exact) {
        const results found = computed(of, transform), expected = naive_results(of, exact);
        CHECK(difference(found.log_probs, expected.log_probs) < 1e-6);
        CHECK(difference(found.entropies, expected.entropies) < 1e-6);
        double worst = 0; // of the error in units of what rounding explains
        for (std::size_t i = 0; i < found.gradient.size(); ++i)
            worst = std::max(worst, std::abs(found.gradient[i] - expected.gradient[i]) /
                                        (std::abs(expected.gradient[i]) * rounding + 6e-8));
        CHECK(worst <= 1.01);
    };
    check(brain, 0x1p-8, {}, {});
    check(half, 0x1p-11, {}, {});
    check(brain, 0x1p-8, {.soft_cap = 8, .temperature = 0.5}, {.soft_cap = 8, .temperature = 0.5});
    check(half, 0x1p-11, {.temperature = 0.5}, {.temperature = 0.5});
}

TEST_CASE("values and gradients are torch's") {
    std::ifstream in(std::string(PREFLEARN_TESTS) + "/loss/golden/vocabulary.json");
    const nlohmann::json golden = nlohmann::json::parse(in);
    const auto numbers = [](const nlohmann::json& values) { return values.get<std::vector<double>>(); };
    for (const nlohmann::json& example : golden["cases"]) {
        problem<double> of(golden["rows"], golden["vocabulary"], 1);
        of.logits = numbers(example["logits"]);
        of.targets = example["targets"].get<std::vector<token_id>>();
        of.weights = numbers(example["weights"]);
        const std::vector<double> bias = numbers(example["bias"]);
        const results found = computed(
            of, {.bias = bias,
                 .soft_cap = example["soft_cap"].is_null() ? test::infinity : example["soft_cap"].get<double>(),
                 .temperature = example["temperature"]});
        results expected(of.rows);
        expected.log_probs = numbers(example["log_probs"]);
        expected.normalisers = numbers(example["normalisers"]);
        expected.entropies = numbers(example["entropies"]);
        expected.log_sum_squares = numbers(example["log_sum_squares"]);
        expected.gradient = numbers(example["gradient"]);
        CHECK(difference(found, expected) < 1e-14);
    }
}

TEST_CASE("the gradient is the finite difference of the weighted log-probs") {
    problem<double> of(2, 7, 2);
    const transforms transform{.soft_cap = 4, .temperature = 0.7};
    const std::vector<double> gradient = computed(of, transform).gradient;
    const auto value = [&] {
        std::vector<double> log_probs(of.rows);
        log_softmax(of.view(), of.targets, {.log_probs = log_probs}, transform);
        return log_probs[0] * of.weights[0] + log_probs[1] * of.weights[1];
    };
    for (std::size_t i = 0; i < of.logits.size(); ++i) {
        const double centre = of.logits[i], step = 1e-6;
        of.logits[i] = centre + step;
        const double up = value();
        of.logits[i] = centre - step;
        const double down = value();
        of.logits[i] = centre;
        CHECK(gradient[i] == doctest::Approx((up - down) / (2 * step)).epsilon(1e-6));
    }
}

TEST_CASE("a shift of a row's logits changes its normaliser alone") {
    problem<double> of(3, 200, 5);
    const results before = computed(of);
    for (double& x : of.logits) x += 64;
    const results after = computed(of);
    CHECK(difference(after.log_probs, before.log_probs) < 1e-13);
    CHECK(difference(after.gradient, before.gradient) < 1e-13);
    CHECK(difference(after.entropies, before.entropies) < 1e-13);
    CHECK(after.normalisers[1] == doctest::Approx(before.normalisers[1] + 64));
}

TEST_CASE("the target the only finite logit is certain; a target of −∞ is impossible and still has a gradient") {
    problem<double> of(2, 70, 0);
    std::fill(of.logits.begin(), of.logits.end(), -test::infinity);
    of.targets = {65, 3};
    of.weights = {2, 2};
    of.logits[65] = -1234;
    of.logits[70 + 5] = 7;
    std::vector<double> log_probs(2), entropies(2);
    log_softmax_and_gradient(matrix_view<double>(of.logits.data(), 2, 70), of.targets, of.weights,
                             {.log_probs = log_probs, .entropies = entropies});
    CHECK(log_probs[0] == 0);
    CHECK(log_probs[1] == -test::infinity);
    CHECK(entropies == std::vector<double>{0, 0});
    CHECK(std::all_of(of.logits.begin(), of.logits.begin() + 70, [](double g) { return g == 0; }));
    CHECK(of.logits[70 + 3] == 2);
    CHECK(of.logits[70 + 5] == -2);
}

TEST_CASE("rows far apart in memory, and results that are not wanted") {
    const problem<float> of(7, 100, 3);
    std::vector<float> spread(7 * 130, std::numeric_limits<float>::quiet_NaN());
    for (std::size_t r = 0; r < 7; ++r) std::copy_n(of.logits.data() + r * 100, 100, spread.data() + r * 130);
    results expected(7);
    log_softmax(of.view(), of.targets, expected.where());
    std::vector<double> entropies(7), log_probs(7);
    log_softmax(matrix_view<const float>(spread.data(), 7, 100, 130), {}, {.entropies = entropies});
    CHECK(entropies == expected.entropies);
    log_softmax_and_gradient(matrix_view<float>(spread.data(), 7, 100, 130), of.targets, of.weights,
                             {.log_probs = log_probs});
    CHECK(log_probs == expected.log_probs);
    CHECK(std::isnan(spread[101]));
    log_softmax(matrix_view<const float>(nullptr, 0, 100), {}, {});
}

#if defined(_OPENMP)
TEST_CASE("any number of threads gives the same bits") {
    const problem<float> of(50, 3000, 10);
    const int before = omp_get_max_threads();
    omp_set_num_threads(1);
    const results alone = computed(of);
    omp_set_num_threads(5);
    const results together = computed(of);
    omp_set_num_threads(before);
    CHECK(alone.log_probs == together.log_probs);
    CHECK(alone.gradient == together.gradient);
}
#endif

TEST_CASE("bad input is named by row and column") {
    problem<double> of(4, 3000, 1);
    results found(4);
    const auto forward = [&] { log_softmax(of.view(), of.targets, found.where()); };
    const auto gradient = [&] {
        std::vector<double> logits = of.logits;
        log_softmax_and_gradient(matrix_view<double>(logits.data(), of.rows, of.vocabulary), of.targets, of.weights,
                                 found.where());
    };
    const auto refused = [&](const char* sentence) {
        CHECK_THROWS_WITH_AS(forward(), sentence, numeric_error);
        CHECK_THROWS_WITH_AS(gradient(), sentence, numeric_error);
    };
    SUBCASE("NaN") {
        of.logits[2 * 3000 + 2500] = std::nan("");
        refused("row 2, column 2500: the logit is nan, a finite number or -inf was expected");
    }
    SUBCASE("+∞") {
        of.logits[3000] = test::infinity;
        refused("row 1, column 0: the logit is inf, a finite number or -inf was expected");
    }
    SUBCASE("no possible token") {
        std::fill_n(of.logits.begin() + 9000, 3000, -test::infinity);
        refused("row 3: all 3000 logits are -inf, which leaves no distribution");
    }
    SUBCASE("targets outside the vocabulary") {
        of.targets[2] = 3000;
        CHECK_THROWS_WITH_AS(forward(), "row 2: target is 3000, expected 0 to 2999", argument_error);
        of.targets[2] = -1;
        CHECK_THROWS_WITH_AS(gradient(), "row 2: target is -1, expected 0 to 2999", argument_error);
    }
    SUBCASE("shapes that differ") {
        of.targets.pop_back();
        CHECK_THROWS_WITH_AS(forward(), "4 rows of logits need as many targets, found 3", argument_error);
        of.targets.push_back(0);
        of.weights.pop_back();
        CHECK_THROWS_WITH_AS(gradient(), "weights has 3 entries for 4 rows", argument_error);
        of.weights.push_back(1);
        found.entropies.pop_back();
        CHECK_THROWS_WITH_AS(forward(), "entropies has 3 entries for 4 rows", argument_error);
    }
    SUBCASE("a weight that is not finite") {
        of.weights[1] = test::infinity;
        CHECK_THROWS_WITH_AS(gradient(), "row 1: weight is inf, a finite number was expected", numeric_error);
    }
}
