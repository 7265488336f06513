#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/uncertainty/moments.hpp>
#include <preflearn/core/numbers/random.hpp>

#include "../close.hpp"

using namespace preflearn;

TEST_CASE("a mean carries Student's interval") {
    const std::vector<double> values{1, 2, 3, 4, 5};
    const estimate e = mean_estimate(values);
    CHECK(e.value == 3);
    CHECK(close(e.standard_error, std::sqrt(0.5), 1e-15));
    CHECK(close(e.bounds.high - 3, 2.7764451051977987 * std::sqrt(0.5), 1e-12)); // t with 4 degrees of freedom
    CHECK(e.count == 5);
    CHECK(mean_estimate(std::vector<double>{}).status == estimate_status::empty);
    const estimate one = mean_estimate(std::vector<double>{7});
    CHECK(one.value == 7);
    CHECK(one.defined());
    CHECK(std::isnan(one.standard_error));
}

TEST_CASE("a large mean does not swallow the variance, and shards merge to the whole") {
    moments whole, left, right;
    generator random(1, "moments");
    for (int i = 0; i < 1000; ++i) {
        const double x = 1e9 + random.normal();
        whole.add(x);
        (i < 300 ? left : right).add(x);
    }
    CHECK(whole.variance() == doctest::Approx(1).epsilon(0.15));
    left += right;
    CHECK(left.count == whole.count);
    CHECK(close(left.mean, whole.mean, 1e-15));
    CHECK(close(left.variance(), whole.variance(), 1e-6));
    moments none;
    none += whole;
    whole += moments{};
    CHECK(none.mean == whole.mean);
}

TEST_CASE("NaN and infinities are refused by index") {
    const std::vector<double> values{1, 2, std::nan("")};
    CHECK_THROWS_WITH_AS(mean_estimate(values), doctest::Contains("value 2"), numeric_error);
}

TEST_CASE("values that differ by rounding have the error 0, and a sum of squares that overflows is called that") {
    const estimate e = mean_estimate(std::vector<double>{0.3, 0.1 + 0.2, 0.3});
    CHECK(e.standard_error == 0);
    CHECK(e.bounds.low == e.bounds.high);
    CHECK_THROWS_WITH_AS(mean_estimate(std::vector<double>{1e200, -1e200}), doctest::Contains("overflow"),
                         numeric_error);
}
