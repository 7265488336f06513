#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/pipeline/agreement/rating_categories.hpp>

using namespace preflearn;

namespace {

rating_categories categories_in(const std::string& text, measurement_level level = measurement_level::nominal,
                                const std::vector<std::string>& declared = {}) {
    std::istringstream stream(text);
    return categories_of(wide_ratings(csv_file(csv_reader(stream, "t.csv"))), level, declared);
}

} // namespace

TEST_CASE("numbers that are equal are one category, however they are written") {
    const rating_categories numbers = categories_in("a,b\n1,1.0\n01,+1\n1e0,2.50\n-0,0.0\n,2.5\n");
    CHECK(numbers.numeric);
    CHECK(numbers.names == std::vector<std::string>{"0", "1", "2.5"});
    CHECK(numbers.counts == std::vector<std::uint64_t>{2, 5, 2});
    CHECK(numbers.remark.empty());
    CHECK(numbers.coded.units() == 5);
    const rating_categories texts = categories_in("a,b\nyes,no\nno,\n");
    CHECK_FALSE(texts.numeric);
    CHECK(texts.remark.empty());
}

TEST_CASE("a mix of texts and numbers stays texts, and that is said") {
    const rating_categories mixed = categories_in("a,b\n1,1.0\nunsure,1\n2,2\n");
    CHECK(mixed.names == std::vector<std::string>{"1", "1.0", "2", "unsure"});
    CHECK(mixed.remark == "5 of 6 ratings are numbers and others are not (t.csv:3: column 'a' holds 'unsure'): all are "
                          "taken as texts, by which 1 and 1.0 are two categories");
    CHECK_THROWS_WITH_AS(categories_in("a,b\n1,1.0\nunsure,1\n", measurement_level::ordinal),
                         "t.csv:3: rater 'a': 'unsure' is not a finite number", input_error);
    CHECK(categories_in("a;b\n1,5;2,5\n2;3\n").remark.find("numbers need a decimal point") != std::string::npos);
    CHECK_THROWS_WITH_AS(categories_in("a;b\n1,5;2,5\n2;3\n", measurement_level::interval),
                         "t.csv:2: column 'a': '1,5' is not a number: numbers need a decimal point", input_error);
}

TEST_CASE("a declared scale has its order and its unused categories, and nothing else") {
    const rating_categories scale =
        categories_in("a,b\n1,4\n2,5.0\n", measurement_level::ordinal, {"1", "2", "3", "4", "5"});
    CHECK(scale.counts == std::vector<std::uint64_t>{1, 1, 0, 1, 1});
    CHECK(scale.coded.positions == std::vector<double>{1, 2, 3, 4, 5});
    const rating_categories words =
        categories_in("a,b\nneg,pos\npos,pos\n", measurement_level::ordinal, {"neg", "ind", "pos"});
    CHECK(words.names == std::vector<std::string>{"neg", "ind", "pos"});
    CHECK(words.coded.positions == std::vector<double>{0, 1, 2});
    // A number keeps its value among words.
    CHECK(categories_in("a,b\n1.0,unsure\n2,1\n", measurement_level::nominal, {"1", "2", "unsure"}).counts ==
          std::vector<std::uint64_t>{2, 1, 1});
    CHECK_THROWS_WITH_AS(categories_in("a,b\n1,2\n1,7\n", measurement_level::ordinal, {"1", "2", "3"}),
                         "t.csv:3: column 'b': '7' is none of the categories 1, 2, 3", input_error);
    CHECK_THROWS_WITH_AS(categories_in("a,b\n1,2\n1,x\n", measurement_level::ordinal, {"1", "2", "3"}),
                         "t.csv:3: column 'b': 'x' is none of the categories 1, 2, 3", input_error);
    CHECK_THROWS_WITH_AS(categories_in("a,b\nno,yes\n", measurement_level::nominal, {"yes", "maybe"}),
                         "t.csv:2: column 'a': 'no' is none of the categories yes, maybe", input_error);
    CHECK_THROWS_WITH_AS(categories_in("a,b\n1,2\n", measurement_level::nominal, {"1", "1.0"}),
                         "category '1.0' is declared twice", input_error);
    CHECK_THROWS_WITH_AS(categories_in("a,b\nx,y\n", measurement_level::nominal, {"x", "y", "x"}),
                         "category 'x' is declared twice", input_error);
    CHECK_THROWS_WITH_AS(categories_in("a,b\nx,y\n", measurement_level::nominal, {"x", "", "y"}),
                         doctest::Contains("category without a name"), input_error);
    CHECK_THROWS_WITH_AS(categories_in("a,b\nx,y\n", measurement_level::ordinal), doctest::Contains("--categories"),
                         input_error);
    CHECK_THROWS_WITH_AS(categories_in("a,b\nx,y\n", measurement_level::ratio, {"x", "y"}),
                         doctest::Contains("need categories that are numbers"), input_error);
}
