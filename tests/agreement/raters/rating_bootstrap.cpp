#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/raters/krippendorff.hpp>
#include <preflearn/agreement/raters/rating_bootstrap.hpp>
#include <preflearn/core/numbers/random.hpp>

using namespace preflearn;

namespace {

struct sample {
    std::vector<std::vector<category>> columns;
    std::vector<std::span<const category>> views;
};

sample random_sample(std::size_t units) {
    sample s{std::vector<std::vector<category>>(3), {}};
    generator random(31, "sample");
    for (std::size_t u = 0; u < units; ++u) {
        const auto truth = static_cast<category>(random.below(4));
        for (auto& column : s.columns) {
            column.push_back(random.bernoulli(0.6) ? truth : static_cast<category>(random.below(4)));
            if (random.bernoulli(0.1)) column.back() = no_rating;
        }
    }
    s.views.assign(s.columns.begin(), s.columns.end());
    return s;
}

} // namespace

TEST_CASE("the bootstrap of units agrees with the analytic errors") {
    const sample s = random_sample(300);
    const rating_counts ratings = count_ratings(s.views, 4);
    const bootstrap_options options{.replicates = 1000, .seed = 2};
    const auto check = [&](const auto& coefficient) {
        const bootstrap_result b = bootstrap_ratings(s.views, 4, coefficient, options);
        const estimate exact = coefficient(ratings).coefficient;
        CHECK(b.value.value == doctest::Approx(exact.value));
        CHECK(b.value.standard_error == doctest::Approx(exact.standard_error).epsilon(0.08));
        CHECK(b.value.count == 300);
    };
    check([](const rating_counts& r) { return fleiss_kappa(r); });
    check([](const rating_counts& r) { return conger_kappa(r); });
    check([](const rating_counts& r) { return gwet_ac(r); });
    check([](const rating_counts& r) { return brennan_prediger(r); });
    check([](const rating_counts& r) { return krippendorff_alpha(r); });
    check([](const rating_counts& r) { return krippendorff_alpha(r, ordinal_distance{}); });
}

TEST_CASE("units of one cluster are drawn together") {
    const sample s = random_sample(60);
    sample twice = s;
    std::vector<std::string> prompts;
    for (int copy = 0; copy < 2; ++copy)
        for (int u = 0; u < 60; ++u) prompts.push_back("p" + std::to_string(u));
    for (std::size_t r = 0; r < 3; ++r)
        twice.columns[r].insert(twice.columns[r].end(), s.columns[r].begin(), s.columns[r].end());
    twice.views.assign(twice.columns.begin(), twice.columns.end());
    const auto kappa = [](const rating_counts& r) { return fleiss_kappa(r).coefficient; };
    const bootstrap_options options{.replicates = 400, .seed = 5};
    const bootstrap_result single = bootstrap_ratings(s.views, 4, kappa, options);
    const bootstrap_result clustered =
        bootstrap_ratings(twice.views, 4, kappa, options, std::span<const std::string>(prompts));
    CHECK(clustered.value.standard_error == doctest::Approx(single.value.standard_error));
    CHECK(clustered.value.count == 60);
    CHECK_THROWS_AS(bootstrap_ratings(s.views, 4, kappa, options, std::span<const std::string>(prompts)),
                    argument_error);
}

TEST_CASE("the status is the coefficient's own") {
    const std::vector<category> same(10, 1);
    const std::span<const category> views[] = {same, same};
    const auto kappa = [](const rating_counts& r) { return cohen_kappa(r); };
    CHECK(bootstrap_ratings(views, 2, kappa).value.status == estimate_status::single_category);
    CHECK_THROWS_AS(bootstrap_ratings(views, 1, kappa), argument_error);
}
