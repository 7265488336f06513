#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/uncertainty/clustered.hpp>

#include "../close.hpp"
#include "../golden.hpp"

using namespace preflearn;

TEST_CASE("the cluster-robust error of a mean equals statsmodels'") {
    const auto peer = golden("peers.json")["clustered"];
    const std::vector<double> values = numbers(peer["values"]);
    const auto ids = peer["cluster"].get<std::vector<int>>();
    const estimate e = clustered_mean<int>(values, ids);
    CHECK(close(e.value, peer["mean"], 1e-12));
    CHECK(close(e.standard_error, peer["se"], 1e-10));
    CHECK(e.count == 13);
}

TEST_CASE("clusters of one unit give the ordinary interval; repeating units does not narrow it") {
    const std::vector<double> values{1, 2, 4, 8, 9};
    const std::vector<std::string> own{"a", "b", "c", "d", "e"};
    const estimate plain = mean_estimate(values), each = clustered_mean<std::string>(values, own);
    CHECK(close(each.standard_error, plain.standard_error, 1e-12));
    CHECK(close(each.bounds.low, plain.bounds.low, 1e-12));
    std::vector<double> repeated = values;
    std::vector<std::string> ids = own;
    repeated.insert(repeated.end(), values.begin(), values.end());
    ids.insert(ids.end(), own.begin(), own.end());
    CHECK(close(clustered_mean<std::string>(repeated, ids).standard_error, plain.standard_error, 1e-12));
}

TEST_CASE("a paired difference changes its sign with the sides") {
    const std::vector<double> a{1, 2, 3, 4}, b{0, 2, 5, 1};
    const std::vector<int> ids{0, 0, 1, 1};
    CHECK(clustered_difference<int>(a, b, ids).value == doctest::Approx(0.5));
    CHECK(clustered_difference<int>(b, a, ids).value == doctest::Approx(-0.5));
    CHECK(clustered_difference<int>(b, a, ids).standard_error ==
          doctest::Approx(clustered_difference<int>(a, b, ids).standard_error));
    CHECK_THROWS_AS(clustered_difference<int>(a, std::vector<double>{1}, ids), argument_error);
    CHECK_THROWS_AS(clustered_mean<int>(a, std::vector<int>{1}), argument_error);
    CHECK_THROWS_WITH_AS(clustered_mean<int>(std::vector<double>{0, std::nan("")}, std::vector<int>{1, 2}),
                         doctest::Contains("value 1"), numeric_error);
    CHECK(clustered_mean<int>({}, {}).status == estimate_status::empty);
    CHECK(std::isnan(clustered_mean<int>(a, std::vector<int>{3, 3, 3, 3}).standard_error));
}

TEST_CASE("clusters whose means differ by rounding have the error 0") {
    const std::vector<double> values{0.1 + 0.2, 0.3, 0.3, 0.1 + 0.2};
    const std::vector<int> prompts{0, 1, 2, 0};
    CHECK(clustered_mean(std::span<const double>(values), std::span<const int>(prompts)).standard_error == 0);
    const std::vector<double> others{0.3, 0.3, 0.1 + 0.2, 0.3};
    CHECK(clustered_difference(std::span<const double>(values), std::span<const double>(others),
                               std::span<const int>(prompts))
              .value == 0);
}
