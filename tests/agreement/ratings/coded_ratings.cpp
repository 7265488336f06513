#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/ratings/coded_ratings.hpp>

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

TEST_CASE("ratings that were given are coded alike, on the values that occur or on a declared scale") {
    using namespace std::string_view_literals;
    const std::vector<double> cells{10, 2, std::nan(""), -1, 2, 2}, given_values{10, 2, -1, 2, 2};
    const given_ratings places{2, {0, 2, 3, 5}, {{0, 0}, {1, 0}, {1, 0}, {0, 0}, {1, 0}}};
    const coded_ratings dense = code_ratings(cells, 2), sparse = code_ratings(given_values, places);
    CHECK(sparse.positions == dense.positions);
    CHECK(sparse.given.ratings == given_in(dense.views()).ratings);
    CHECK(sparse.given.starts == given_in(dense.views()).starts);
    CHECK(sparse.raters() == 2);
    CHECK(sparse.units() == 3);
    CHECK(sparse.counts().units() == dense.counts().units());

    const std::vector<double> scale{-1, 0, 2, 10};
    const coded_ratings declared = code_ratings(given_values, places, scale);
    CHECK(declared.categories() == 4);
    CHECK(declared.given.ratings[0] == given_rating{0, 3});
    CHECK_THROWS_WITH_AS(code_ratings(given_values, places, std::vector<double>{-1, 2}),
                         "rating 0 is 10, which is none of the categories declared", argument_error);
    CHECK_THROWS_WITH_AS(code_ratings(given_values, places, std::vector<double>{-1, 2, 2, 10}),
                         "category 2 is declared twice", argument_error);

    const std::vector<std::string_view> words{"pos", "ind", "ind", "pos", "pos"}, order{"neg", "ind", "pos"};
    const coded_ratings texts = code_ratings(words, places, order);
    CHECK(texts.names == std::vector<std::string>{"neg", "ind", "pos"});
    CHECK(texts.positions == std::vector<double>{0, 1, 2});
    CHECK(texts.given.ratings[1] == given_rating{1, 1});
    CHECK(code_ratings(words, places).positions.empty());
}

TEST_CASE("numbers that differ by rounding are one category, whole numbers never are") {
    const std::vector<double> cells{0.3, 0.1 + 0.2, 0.7, 0.1 + 0.6, 0.30001, 0.3};
    const coded_ratings coded = code_ratings(cells, 2);
    CHECK(coded.categories() == 3);
    CHECK(coded.columns[0] == std::vector<category>{0, 2, 1});
    CHECK(coded.columns[1] == std::vector<category>{0, 2, 0});
    const given_ratings given{
        .raters = 2, .starts = {0, 2, 4, 6}, .ratings = {{0, 0}, {1, 0}, {0, 0}, {1, 0}, {0, 0}, {1, 0}}};
    const coded_ratings sparse = code_ratings(cells, given);
    CHECK(sparse.positions == coded.positions);
    for (std::size_t i = 0; i < cells.size(); ++i) CHECK(sparse.given.ratings[i].value == coded.columns[i % 2][i / 2]);
    const std::vector<double> declared{0.7, 0.3, 0.30001};
    CHECK(code_ratings(cells, given, declared).given.ratings[1].value == 1);
    const std::vector<double> large{1e15, 1e15 + 1, 1e15, 1e15 + 1};
    CHECK(code_ratings(large, 2).categories() == 2);
}
