#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/coded_ratings.hpp>

using namespace preflearn;

TEST_CASE("numbers become categories in rising order, with their positions") {
    const std::vector<double> cells{10, 2, std::nan(""), -1, 2, 2};
    const coded_ratings coded = code_ratings(cells, 2);
    CHECK(coded.positions == std::vector<double>{-1, 2, 10});
    CHECK(coded.columns[0] == std::vector<category>{2, no_rating, 1});
    CHECK(coded.columns[1] == std::vector<category>{1, 0, 1});
    CHECK(coded.scale()[2] == 10);
    CHECK(coded.units() == 3);
    const std::vector<double> bad{1, std::numeric_limits<double>::infinity()};
    CHECK_THROWS_WITH_AS(code_ratings(bad, 2), doctest::Contains("unit 0, rater 1"), numeric_error);
    CHECK_THROWS_AS(code_ratings(cells, 4), argument_error);
}

TEST_CASE("texts become categories by name, an empty one is missing") {
    const std::vector<std::string> cells{"yes", "no", "", "maybe"};
    const coded_ratings coded = code_ratings(cells, 2);
    CHECK(coded.names == std::vector<std::string>{"maybe", "no", "yes"});
    CHECK(coded.columns[0] == std::vector<category>{2, no_rating});
    CHECK(coded.columns[1] == std::vector<category>{1, 0});
    CHECK(coded.categories() == 3);
}
