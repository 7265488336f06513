#include <cmath>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/data/tables/rating_table.hpp>

using namespace preflearn;

namespace {

csv_file table_of(const std::string& text) {
    static std::istringstream stream; // outlives the file
    stream = std::istringstream(text);
    return csv_file(csv_reader(stream, "ratings.csv"));
}

const std::string wide_table = "unit,A,B\nu1,1,2\nu2,,3\nu3, 4 ,\n";
const std::string tall_table = "rater,unit,value,note\nA,u1,1,x\nB,u1,2,\nB,u2,3,\nA,u3,4,\nA,u2,,\n";

} // namespace

TEST_CASE("a wide table and a long one say the same") {
    const rating_table a = wide_ratings(table_of(wide_table), "unit"),
                       b = long_ratings(table_of(tall_table), "unit", "rater", "value");
    CHECK(a.units == b.units);
    CHECK(a.raters == b.raters);
    CHECK(numbers_of(a) == std::vector<double>{1, 2, 3, 4});
    CHECK(numbers_of(b) == numbers_of(a));
    CHECK(a.ratings[2].unit == 1);
    CHECK(a.ratings[2].rater == 1);
    CHECK(a.missing.words == std::vector<std::pair<std::string, std::size_t>>{{"", 2}});
    CHECK(b.missing.total() == 1); // a row that says so
    CHECK(a.place(a.ratings[2]) == "ratings.csv:3: column 'B'");
    CHECK(b.place(b.ratings[2]) == "ratings.csv:4: column 'value'");
    CHECK(a(2, 0).text == "4");
    CHECK(a(2, 0).line == 4);
    CHECK(a(1, 0).line == 0);
}

TEST_CASE("without a unit column every column is a rater and units are numbered") {
    const rating_table table = wide_ratings(table_of("A,B\n1,2\n3,4\n"));
    CHECK(table.raters.size() == 2);
    CHECK(table.units == std::vector<std::string>{"1", "2"});
    CHECK(wide_ratings(table_of("A,B,\n1,2,\n3,4,\n")).raters == std::vector<std::string>{"A", "B"});
    CHECK(wide_ratings(table_of("A,B,\n1,2,\n3,4,\n")).missing.total() == 0);
    CHECK_THROWS_WITH_AS(wide_ratings(table_of("unit\nu1\n"), "unit"), doctest::Contains("no column of ratings"),
                         input_error);
    CHECK_THROWS_WITH_AS(wide_ratings(table_of(wide_table), "item"), doctest::Contains("no column 'item'"),
                         input_error);
}

TEST_CASE("what is not a number is named by line and rater") {
    const auto complaint = [](const std::string& cell) {
        return numbers_of(wide_ratings(table_of("A,B\n1,2\n1," + cell + "\n")));
    };
    CHECK_THROWS_WITH_AS(complaint("\"1,5\""), "ratings.csv:3: rater 'B': '1,5' is not a finite number", input_error);
    CHECK_THROWS_WITH_AS(complaint("inf"), doctest::Contains("'inf' is not a finite number"), input_error);
    CHECK(complaint("+1.5e2")[3] == 150);
    CHECK(complaint("nan").size() == 3); // missing
    CHECK_THROWS_WITH_AS(numbers_of(wide_ratings(table_of("A,B\n0,1\n,-2\n")), 0),
                         "ratings.csv:3: rater 'B': -2 is less than 0", input_error);
}

TEST_CASE("a rater who rates a unit twice is refused with both lines") {
    CHECK_THROWS_WITH_AS(long_ratings(table_of("u,r,v\n1,A,2\n2,A,3\n1,A,2\n"), "u", "r", "v"),
                         doctest::Contains("ratings.csv:4: rater 'A' has rated unit '1' on line 2 already"),
                         input_error);
    CHECK_THROWS_WITH_AS(long_ratings(table_of("u,r,v\n1,A,2\n,A,3\n"), "u", "r", "v"),
                         "ratings.csv:3: column 'u' is empty, a name was expected", input_error);
    CHECK_THROWS_WITH_AS(long_ratings(table_of("u,r,v\n1,A,2\n"), "u", "r", "u"),
                         doctest::Contains("column 'u' cannot stand for two"), input_error);
    const rating_table none = long_ratings(table_of("u,r,v\n"), "u", "r", "v");
    CHECK(none.raters.empty());
}

TEST_CASE("words for missing values are counted, and the list is the caller's") {
    const std::string text = "A,B\nyes,NA\nN/A,no\n-,.\nyes,\nnull,None\nno,NaN\nyes,none\n";
    const rating_table table = wide_ratings(table_of(text));
    CHECK(table.ratings.size() == 6);
    CHECK(table.missing.total() == 8);
    CHECK(table.missing.words[0] == std::pair<std::string, std::size_t>{"NA", 1});
    CHECK(table(6, 1).text == "none"); // as a category may be called
    const rating_table own = wide_ratings(table_of(text), {}, {.missing = {.words = {"none"}}});
    CHECK(own.missing.total() == 2); // and the empty one
    CHECK(own(0, 1).text == "NA");
}

TEST_CASE("a crowd of whom few rate each unit costs its ratings, not units times raters") {
    std::string text = "u,r,v\n";
    for (int u = 0; u < 3000; ++u)
        for (int k = 0; k < 2; ++k)
            text += "u" + std::to_string(u) + ",w" + std::to_string(2 * u + k) + "," + std::to_string(k) + "\n";
    const rating_table table = long_ratings(table_of(text), "u", "r", "v");
    CHECK(table.raters.size() == 6000);
    CHECK(table.ratings.size() == 6000);
    CHECK(table(2999, 5999).text == "1");
    CHECK(table(2999, 0).line == 0);
}

TEST_CASE("rows of one name in a wide table are units of their own, and that is said") {
    const auto remark = [](const std::string& text) {
        std::istringstream stream(text);
        const rating_table table = wide_ratings(csv_file(csv_reader(stream, "t.csv")), "unit");
        CHECK(table.units.size() == 4);
        return table.remark;
    };
    CHECK(remark("unit,a,b\nu,1,1\nv,2,2\nw,1,2\nx,1,1\n").empty());
    CHECK(remark("unit,a,b\nu,1,1\nv,2,2\nw,1,2\nv,1,1\n") ==
          "several rows have unit 'v': each row is taken as a unit of its own");
    CHECK(remark("unit,a,b\nu,1,1\nv,2,2\nu,1,2\nv,1,1\n") ==
          "several rows have unit 'u' and 1 more: each row is taken as a unit of its own");
}
