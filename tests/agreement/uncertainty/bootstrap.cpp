#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <doctest/doctest.h>

#include <preflearn/agreement/uncertainty/bootstrap.hpp>

using namespace preflearn;

namespace {

std::vector<double> normal_values(std::size_t n) {
    generator random(9, "values");
    std::vector<double> values(n);
    for (double& x : values) x = 3 + random.normal();
    return values;
}

} // namespace

TEST_CASE("the bootstrap of a mean agrees with its standard error") {
    const std::vector<double> values = normal_values(400), ones(400, 1.0);
    const bootstrap_result b = bootstrap_ratio(values, ones, {.replicates = 4000, .seed = 1});
    const estimate exact = mean_estimate(values);
    CHECK(b.value.value == doctest::Approx(exact.value));
    CHECK(b.value.standard_error == doctest::Approx(exact.standard_error).epsilon(0.05));
    CHECK(b.value.bounds.low == doctest::Approx(exact.bounds.low).epsilon(0.01));
    CHECK(b.value.bounds.high == doctest::Approx(exact.bounds.high).epsilon(0.01));
    CHECK(b.value.count == 400);
    CHECK(b.undefined_replicates == 0);
}

TEST_CASE("clusters are drawn whole: repeating each unit does not narrow the interval") {
    const std::vector<double> values = normal_values(100);
    std::vector<double> repeated;
    std::vector<std::string> prompts;
    for (std::size_t i = 0; i < values.size(); ++i) {
        for (int copy = 0; copy < 7; ++copy) {
            repeated.push_back(values[i]);
            prompts.push_back("prompt " + std::to_string(i));
        }
    }
    const bootstrap_options options{.replicates = 500, .seed = 4};
    const bootstrap_result clustered = bootstrap_mean<std::string>(repeated, prompts, options);
    const bootstrap_result plain = bootstrap_ratio(values, std::vector<double>(100, 1.0), options);
    CHECK(clustered.value.standard_error == doctest::Approx(plain.value.standard_error));
    CHECK(clustered.value.count == 100);
}

TEST_CASE("the seed decides, the threads do not") {
    const std::vector<double> values = normal_values(50), ones(50, 1.0);
    const auto run = [&](std::uint64_t seed) {
        return bootstrap_ratio(values, ones, {.replicates = 300, .seed = seed}).value;
    };
    const estimate a = run(1);
    CHECK(run(2).standard_error != a.standard_error);
#if defined(_OPENMP)
    const int threads = omp_get_max_threads();
    omp_set_num_threads(threads == 1 ? 3 : 1);
    CHECK(run(1).standard_error == a.standard_error);
    CHECK(run(1).bounds == a.bounds);
    omp_set_num_threads(threads);
#endif
    CHECK(run(1).bounds == a.bounds);
}

TEST_CASE("draws are uniform over the clusters") {
    std::vector<std::size_t> hits(7);
    generator random(1, "draws");
    for (int i = 0; i < 10'000; ++i) detail::draw_clusters(random, 7, [&](std::size_t c) { ++hits.at(c); });
    for (const std::size_t h : hits) CHECK(std::abs(static_cast<double>(h) - 10'000) < 500); // five standard deviations
}

TEST_CASE("replicates without a value are counted") {
    // The denominator is zero whenever the last cluster is not drawn.
    std::vector<double> numerators(3, 1.0), denominators{0, 0, 1};
    const bootstrap_result b = bootstrap_ratio(numerators, denominators, {.replicates = 1000});
    CHECK(b.value.value == 3);
    CHECK(static_cast<double>(b.undefined_replicates) == doctest::Approx(1000 * 8.0 / 27).epsilon(0.15));
    CHECK(std::isfinite(b.value.standard_error));
    denominators[2] = 0;
    CHECK(bootstrap_ratio(numerators, denominators).value.status == estimate_status::constant_input);
}

TEST_CASE("nothing and one cluster have no interval; bad sums are named") {
    CHECK(bootstrap_ratio({}, {}).value.status == estimate_status::empty);
    const std::vector<double> one{1}, bad{1, std::nan("")}, ones{1, 1};
    CHECK(bootstrap_ratio(one, one).value.value == 1);
    CHECK(std::isnan(bootstrap_ratio(one, one).value.standard_error));
    CHECK_THROWS_WITH_AS(bootstrap_ratio(bad, ones), doctest::Contains("cluster 1"), numeric_error);
    CHECK_THROWS_AS(bootstrap_ratio(one, ones), argument_error);
    CHECK_THROWS_AS(bootstrap_ratio(ones, ones, {.replicates = 0}), argument_error);
    CHECK_THROWS_AS(bootstrap_ratio(ones, ones, {.confidence = 1}), argument_error);
}

TEST_CASE("quantiles are numpy's linear ones") {
    const std::vector<double> sorted{1, 2, 4, 8};
    CHECK(sorted_quantile(sorted, 0) == 1);
    CHECK(sorted_quantile(sorted, 0.5) == 3);
    CHECK(sorted_quantile(sorted, 0.9) == doctest::Approx(6.8));
    CHECK(sorted_quantile(sorted, 1) == 8);
    CHECK_THROWS_AS(sorted_quantile({}, 0.5), argument_error);
}
