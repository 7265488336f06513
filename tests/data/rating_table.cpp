#include <cmath>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include <preflearn/data/rating_table.hpp>

using namespace preflearn;

namespace {

csv_file table_of(const std::string& text) {
    static std::istringstream stream; // outlives the file
    stream = std::istringstream(text);
    return csv_file(csv_reader(stream, "ratings.csv"));
}

const std::string wide = "unit,A,B\nu1,1,2\nu2,,3\nu3, 4 ,\n";
const std::string tall = "rater,unit,value,note\nA,u1,1,x\nB,u1,2,\nB,u2,3,\nA,u3,4,\nA,u2,,\n";

} // namespace

TEST_CASE("a wide table and a long one say the same") {
    const rating_table a = wide_ratings(table_of(wide), "unit"),
                       b = long_ratings(table_of(tall), "unit", "rater", "value");
    CHECK(a.units == b.units);
    CHECK(a.raters == b.raters);
    const std::vector<double> x = numbers_of(a), y = numbers_of(b), expected{1, 2, NAN, 3, 4, NAN};
    REQUIRE(x.size() == 6);
    for (std::size_t i = 0; i < 6; ++i) {
        CHECK((x[i] == expected[i] || (std::isnan(x[i]) && std::isnan(expected[i]))));
        CHECK((y[i] == expected[i] || (std::isnan(y[i]) && std::isnan(expected[i]))));
    }
    CHECK(a(2, 0).text == "4");
    CHECK(a(2, 0).line == 4);
    CHECK(a(1, 0).line == 0);
}

TEST_CASE("without a unit column every column is a rater and units are numbered") {
    const rating_table table = wide_ratings(table_of("A,B\n1,2\n3,4\n"));
    CHECK(table.raters.size() == 2);
    CHECK(table.units == std::vector<std::string>{"1", "2"});
    CHECK_THROWS_WITH_AS(wide_ratings(table_of("unit\nu1\n"), "unit"), doctest::Contains("no column of ratings"),
                         input_error);
    CHECK_THROWS_WITH_AS(wide_ratings(table_of(wide), "item"), doctest::Contains("no column 'item'"), input_error);
}

TEST_CASE("what is not a number is named by line and rater") {
    const auto complaint = [](const std::string& cell) {
        return numbers_of(wide_ratings(table_of("A,B\n1,2\n1," + cell + "\n")));
    };
    CHECK_THROWS_WITH_AS(complaint("\"1,5\""), "ratings.csv:3: rater 'B': '1,5' is not a finite number", input_error);
    CHECK_THROWS_WITH_AS(complaint("nan"), doctest::Contains("'nan' is not a finite number"), input_error);
    CHECK(complaint("+1.5e2")[3] == 150);
    CHECK_THROWS_WITH_AS(numbers_of(wide_ratings(table_of("A,B\n0,1\n,-2\n")), 0),
                         "ratings.csv:3: rater 'B': -2 is less than 0", input_error);
}

TEST_CASE("a rater who rates a unit twice is refused with both lines") {
    CHECK_THROWS_WITH_AS(long_ratings(table_of("u,r,v\n1,A,2\n2,A,3\n1,A,2\n"), "u", "r", "v"),
                         doctest::Contains("ratings.csv:4: rater 'A' has rated unit '1' on line 2 already"),
                         input_error);
    CHECK_THROWS_WITH_AS(long_ratings(table_of("u,r,v\n1,A,2\n,A,3\n"), "u", "r", "v"),
                         "ratings.csv:3: column 'u' is empty, a name was expected", input_error);
    const rating_table none = long_ratings(table_of("u,r,v\n"), "u", "r", "v");
    CHECK(none.raters.empty());
}
