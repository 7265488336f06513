#include <cmath>
#include <set>
#include <string_view>

#include <doctest/doctest.h>

#include <preflearn/agreement/uncertainty/estimate.hpp>

using namespace preflearn;

TEST_CASE("every status has a name of its own") {
    std::set<std::string_view> names;
    for (int s = 0; s <= static_cast<int>(estimate_status::not_converged); ++s)
        names.insert(name_of(static_cast<estimate_status>(s)));
    CHECK(names.size() == static_cast<std::size_t>(estimate_status::not_converged) + 1);
    CHECK(names.count("unknown") == 0);
    CHECK(name_of(estimate_status::single_category) == "single_category");
}

TEST_CASE("an undefined estimate is NaN, and only a caller's stand-in replaces it") {
    const estimate none = estimate::none(estimate_status::too_few, 3);
    CHECK(std::isnan(none.value));
    CHECK(std::isnan(none.standard_error));
    CHECK_FALSE(none.defined());
    CHECK(none.count == 3);
    CHECK(none.value_or(1) == 1);
    CHECK(estimate{.value = 0.25, .status = estimate_status::ok}.value_or(1) == 0.25);
}

TEST_CASE("an interval that is a point is degenerate, one that does not exist is not") {
    const auto with = [](double low, double high) {
        return estimate{.value = high, .bounds = {low, high}, .status = estimate_status::ok}.degenerate();
    };
    CHECK(with(1, 1));
    CHECK(with(0, 0));
    CHECK(with(1 - 1e-16, 1));
    CHECK_FALSE(with(0.99, 1));
    CHECK_FALSE(with(1e-20, 2e-20));
    CHECK_FALSE(estimate{.value = 1, .status = estimate_status::ok}.degenerate());
    CHECK_FALSE(estimate::none(estimate_status::empty).degenerate());
}
