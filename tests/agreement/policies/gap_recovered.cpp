#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/policies/gap_recovered.hpp>
#include <preflearn/core/numbers/random.hpp>

using namespace preflearn;

TEST_CASE("Fieller's bounds are the ratios that a t-test just does not reject") {
    generator random(8, "fieller");
    std::vector<double> x(25), y(25);
    for (std::size_t i = 0; i < x.size(); ++i) {
        y[i] = 2 + random.normal();
        x[i] = 0.5 * y[i] + 0.5 * random.normal();
    }
    const ratio_estimate r = ratio_of_means(x, y);
    REQUIRE(r.bounded);
    CHECK(r.ratio.bounds.contains(r.ratio.value));
    for (const double ratio : {r.ratio.bounds.low, r.ratio.bounds.high}) {
        std::vector<double> difference(x.size());
        for (std::size_t i = 0; i < x.size(); ++i) difference[i] = x[i] - ratio * y[i];
        const estimate mean = mean_estimate(difference);
        CHECK(student_p_value(mean.value / mean.standard_error, 24) == doctest::Approx(0.05).epsilon(1e-9));
    }
    std::vector<double> scaled = x;
    for (double& v : scaled) v *= -3;
    const ratio_estimate other = ratio_of_means(scaled, y);
    CHECK(other.ratio.bounds.low == doctest::Approx(-3 * r.ratio.bounds.high));
}

TEST_CASE("a denominator that may be 0 does not bound the ratio, and says so") {
    const std::vector<double> x{1, 2, 3}, y{-1, 1, 0.3}, zero{-1, 1, 0};
    const ratio_estimate r = ratio_of_means(x, y);
    CHECK_FALSE(r.bounded);
    CHECK(std::isinf(r.ratio.bounds.high));
    CHECK(ratio_of_means(x, zero).ratio.status == estimate_status::constant_input);
    CHECK(ratio_of_means({}, {}).ratio.status == estimate_status::empty);
    CHECK(std::isnan(ratio_of_means(std::vector<double>{1}, std::vector<double>{2}).ratio.standard_error));
}

TEST_CASE("a student halfway between teacher and ceiling recovers half of the gap") {
    generator random(9, "gap");
    std::vector<double> weak, student, ceiling;
    for (int i = 0; i < 400; ++i) {
        const double prompt = random.normal();
        weak.push_back(prompt + 0.3 * random.normal());
        student.push_back(prompt + 0.5 + 0.3 * random.normal());
        ceiling.push_back(prompt + 1 + 0.3 * random.normal());
    }
    const gap_recovered_result r = gap_recovered(weak, student, ceiling, {.replicates = 2000, .seed = 3});
    CHECK(r.fieller.ratio.value == doctest::Approx(0.5).epsilon(0.1));
    CHECK(r.bootstrap.value.value == doctest::Approx(r.fieller.ratio.value));
    CHECK(r.bootstrap.value.standard_error == doctest::Approx(r.fieller.ratio.standard_error).epsilon(0.1));
    CHECK(r.bootstrap.value.bounds.low == doctest::Approx(r.fieller.ratio.bounds.low).epsilon(0.03));
    CHECK(gap_recovered(weak, weak, ceiling).fieller.ratio.value == 0);
    CHECK(gap_recovered(weak, ceiling, ceiling).fieller.ratio.value == doctest::Approx(1));
    CHECK_THROWS_AS(gap_recovered(weak, student, std::vector<double>{1}), argument_error);
    student[5] = std::nan("");
    CHECK_THROWS_WITH_AS(gap_recovered(weak, student, ceiling), doctest::Contains("pair 5"), numeric_error);
}

TEST_CASE("a gap that is rounding is no gap, for Fieller and the bootstrap alike") {
    const auto constant = [](const std::vector<double>& w, const std::vector<double>& s, const std::vector<double>& c) {
        const gap_recovered_result r = gap_recovered(w, s, c, {.replicates = 200});
        CHECK(r.fieller.ratio.status == estimate_status::constant_input);
        CHECK(r.bootstrap.value.status == estimate_status::constant_input);
        CHECK(std::isnan(r.fieller.ratio.value));
        CHECK(std::isnan(r.bootstrap.value.value));
    };
    const std::vector<double> student{0.5, 0.5, 0.4};
    constant(std::vector<double>(3, 0.1 + 0.2), student, std::vector<double>(3, 0.3));
    constant({0.1 + 0.2, 0.7, 1.1 + 2.2}, student, {0.3, 0.1 + 0.6, 3.3});
    constant({.1, .2, .3, .7}, {.2, .3, .4, .9}, {.7, .3, .1, .2}); // both means are 0.325
    constant({1e6 + .1, 1e6 + .2, 1e6 + .3}, student, {1e6 + .3, 1e6 + .1, 1e6 + .2});
    double tenths = 0;
    for (int i = 0; i < 10; ++i) tenths += 0.1;
    constant({tenths, 1, tenths}, student, {1, tenths, 1});
    // A small gap that is no rounding stays one, and a student who is the teacher gains exactly nothing.
    CHECK(gap_recovered(std::vector<double>{1, 2, 3}, std::vector<double>{1 + 5e-11, 2, 3 + 1e-10},
                        std::vector<double>{1 + 1e-10, 2, 3 + 2e-10}, {.replicates = 50})
              .fieller.ratio.value == doctest::Approx(0.5).epsilon(1e-5));
    CHECK(gap_recovered(std::vector<double>{0.1 + 0.2, 0.7}, std::vector<double>{0.3, 0.1 + 0.6},
                        std::vector<double>{1, 2}, {.replicates = 50})
              .fieller.ratio.value == 0);
}

TEST_CASE("a mean of denominators that cancel is 0, and sums that overflow are called that") {
    const std::vector<double> x{1, 2, 3}, cancelling{0.1, 0.2, -(0.1 + 0.2)}, huge{1e308, 1e308, 1e308};
    CHECK(ratio_of_means(x, cancelling).ratio.status == estimate_status::constant_input);
    CHECK(bootstrap_ratio(x, cancelling, {.replicates = 50}).value.status == estimate_status::constant_input);
    CHECK_THROWS_WITH_AS(bootstrap_ratio(x, huge, {.replicates = 50}), doctest::Contains("overflow"), numeric_error);
    CHECK_THROWS_WITH_AS(ratio_of_means(x, std::vector<double>{1e200, -1e200, 1e199}), doctest::Contains("overflow"),
                         numeric_error);
}
