#include <array>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/tokens.hpp>
#include <preflearn/reward/features.hpp>

using namespace preflearn;

namespace {

using views = completion<no_prompt, std::span<const float>>;

/// A user's map of prompt and response: products, as a value.
struct products {
    std::array<double, 2> operator()(const std::vector<double>& x, const std::vector<double>& y) const {
        return {x[0] * y[0], x[0] * y[1]};
    }
};

static_assert(FeatureMap<response_features, comparison<no_prompt, std::span<const float>>>);
static_assert(FeatureMap<response_features, comparison<std::vector<double>>>);
static_assert(FeatureMap<products, comparison<std::vector<double>>>);
static_assert(!FeatureMap<response_features, token_comparison>);
static_assert(!FeatureMap<response_features, comparison<no_prompt, double>>);

} // namespace

TEST_CASE("rows are the features of each completion, from views and from values") {
    const std::vector<float> a{1, 2, 3}, b{4, 5, 6};
    const std::vector<views> completions{{{}, a}, {{}, b}};
    const auto rows = rows_of<double>(response_features{}, std::span<const views>(completions), 3);
    CHECK(rows.rows() == 2);
    CHECK(rows(0, 2) == 3);
    CHECK(rows(1, 0) == 4);
    const std::vector<completion<std::vector<double>>> own{{{2}, {5, 7}}, {{-1}, {5, 7}}};
    const auto mapped = rows_of<float>(products{}, std::span<const completion<std::vector<double>>>(own), 2);
    CHECK(mapped(0, 1) == 14);
    CHECK(mapped(1, 0) == -5);
}

TEST_CASE("a wrong number of features and one that is not finite are named") {
    const std::vector<float> good{1, 2}, few{1}, bad{1, std::numeric_limits<float>::infinity()};
    const std::vector<views> short_one{{{}, good}, {{}, few}}, infinite{{{}, good}, {{}, good}, {{}, bad}};
    CHECK_THROWS_WITH_AS(rows_of<float>(response_features{}, std::span<const views>(short_one), 2),
                         "completion 1: 2 features were expected, found 1", argument_error);
    CHECK_THROWS_WITH_AS(rows_of<float>(response_features{}, std::span<const views>(infinite), 2),
                         "completion 2: feature 1 is inf", numeric_error);
}
