#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/raters/every_coefficient.hpp>

#include "../close.hpp"
#include "../golden.hpp"

using namespace preflearn;

namespace {

coded_ratings hayes() {
    const nlohmann::json raters = golden("irrcac.json")["hayes"]["ratings"];
    std::vector<double> cells;
    for (std::size_t u = 0; u < raters[0].size(); ++u)
        for (const auto& rater : raters) cells.push_back(rater[u].is_null() ? std::nan("") : rater[u].get<double>());
    return code_ratings(cells, raters.size());
}

estimate find(const std::vector<named_estimate>& all, const std::string& name) {
    const auto at = std::ranges::find(all, name, &named_estimate::name);
    REQUIRE(at != all.end());
    return at->value;
}

} // namespace

TEST_CASE("every name once; alpha follows the level; weighted forms stand beside the plain ones") {
    const std::pair<measurement_level, double> levels[] = {{measurement_level::nominal, 0.743421},
                                                           {measurement_level::ordinal, 0.815388},
                                                           {measurement_level::interval, 0.849107},
                                                           {measurement_level::ratio, 0.797403}};
    const nlohmann::json peer = golden("irrcac.json")["hayes"]["answers"];
    const char* weights[] = {"identity", "ordinal", "quadratic", "ratio"};
    for (const auto& [level, alpha] : levels) {
        const auto all = every_coefficient(hayes(), level, {.replicates = 50});
        std::set<std::string> names;
        for (const auto& [name, value] : all) names.insert(name);
        CHECK(names.size() == all.size());
        CHECK(find(all, "krippendorff_alpha").value == doctest::Approx(alpha).epsilon(1e-6));
        CHECK(close(find(all, "gwet_ac1").value, peer["identity"]["gwet"]["value"], 1e-9));
        CHECK(find(all, "cohen_kappa").status == estimate_status::not_applicable);
        if (level == measurement_level::nominal) {
            CHECK(names.count("gwet_ac2") == 0);
            CHECK(find(all, "icc_2_1").status == estimate_status::not_applicable);
        } else {
            const auto& answers = peer[weights[static_cast<std::size_t>(level)]];
            CHECK(close(find(all, "gwet_ac2").value, answers["gwet"]["value"], 1e-9));
            CHECK(close(find(all, "weighted_fleiss_kappa").value, answers["fleiss"]["value"], 1e-9));
            CHECK(find(all, "icc_2_1").count == 8); // complete units
            CHECK(find(all, "icc_2_1").standard_error > 0);
        }
    }
}

TEST_CASE("two raters in two categories have every coefficient") {
    const std::vector<std::string> cells{"yes", "yes", "no", "no", "yes", "no", "yes", "yes", "no", "no"};
    const auto all = every_coefficient(code_ratings(cells, 2), measurement_level::nominal);
    for (const char* name : {"raw_agreement", "cohen_kappa", "scott_pi", "pabak", "gwet_ac1", "krippendorff_alpha"})
        CHECK(find(all, name).defined());
    CHECK(find(all, "pabak").value == doctest::Approx(0.6));
    CHECK_THROWS_AS(every_coefficient(code_ratings(cells, 2), measurement_level::ordinal), argument_error);
}

TEST_CASE("no units, one unit, one rater and one category have statuses, never a crash") {
    const auto statuses = [](const std::vector<double>& cells, std::size_t raters) {
        for (const measurement_level level : {measurement_level::nominal, measurement_level::ordinal,
                                              measurement_level::interval, measurement_level::ratio})
            for (const auto& [name, value] : every_coefficient(code_ratings(cells, raters), level, {.replicates = 20}))
                CHECK(std::isnan(value.value) == !value.defined());
        return every_coefficient(code_ratings(cells, raters), measurement_level::interval, {.replicates = 20});
    };
    using enum estimate_status;
    const double nan = std::nan("");
    // What has no rating is empty and what has no unit rated twice has too little, whatever the coefficient; only then
    // may the values make it undefined.
    const auto all_say = [&](const std::vector<double>& cells, std::size_t raters, estimate_status expected) {
        for (const auto& [name, value] : statuses(cells, raters)) {
            CAPTURE(name);
            CHECK(value.status == expected);
        }
    };
    for (const std::size_t raters : {std::size_t{1}, std::size_t{2}}) {
        all_say({}, raters, empty);
        all_say({nan, nan, nan, nan}, raters, empty);
    }
    all_say({1, 2, 1}, 1, too_few);
    all_say({1, nan, nan, 2, 1, nan}, 2, too_few);
    all_say({1, nan, 2, nan}, 2, too_few);
    CHECK(find(statuses({}, 3), "cohen_kappa").status == not_applicable);
    CHECK(find(statuses({}, 3), "conger_kappa").status == empty);
    CHECK(find(statuses({1, 2, 3, 1}, 2), "pabak").status == not_applicable);
    CHECK(find(statuses({1, 2}, 2), "icc_2_1").status == too_few);
    for (const auto& [name, value] : statuses({4, 4, 4, 4}, 2))
        CHECK(value.status == (name == "raw_agreement" || name == "weighted_agreement" ? ok
                               : name.starts_with("icc")                               ? constant_input
                                                                                       : single_category));
    // Each rater says one thing, and never what the other says.
    const auto apart = statuses({1, 2, 1, 2, 1, 2}, 2);
    CHECK(find(apart, "cohen_kappa").value == 0);
    CHECK(find(apart, "icc_2_1").value == 0);
    CHECK(std::isnan(find(apart, "icc_2_1").bounds.low));
    CHECK(find(apart, "icc_3_1").status == constant_input);
    CHECK_THROWS_AS(every_coefficient(code_ratings(std::vector<double>{-1, 2}, 2), measurement_level::ratio),
                    argument_error);
}

TEST_CASE("a table of nobody is one of raters who have said nothing: every coefficient is empty") {
    for (const auto level : {measurement_level::nominal, measurement_level::ordinal, measurement_level::interval,
                             measurement_level::ratio}) {
        const auto nobody = every_coefficient(code_ratings(std::vector<double>{}, 0), level);
        const auto silent = every_coefficient(code_ratings(std::vector<double>{}, 2), level);
        REQUIRE(nobody.size() == silent.size());
        for (std::size_t k = 0; k < nobody.size(); ++k) {
            CAPTURE(nobody[k].name);
            CHECK(nobody[k].name == silent[k].name);
            CHECK(nobody[k].value.status == silent[k].value.status);
            const bool icc_of_names = level == measurement_level::nominal && nobody[k].name.starts_with("icc");
            CHECK(nobody[k].value.status == (icc_of_names ? estimate_status::not_applicable : estimate_status::empty));
        }
    }
    CHECK_THROWS_AS(code_ratings(std::vector<double>{1}, 0), argument_error);
}
