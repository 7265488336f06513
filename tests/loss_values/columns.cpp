#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/named.hpp>
#include <preflearn/loss_values/columns.hpp>

using namespace preflearn;

TEST_CASE("fields of a column are read as what the column holds, or refused with their place") {
    std::istringstream stream("good,weight,tokens\ntrue,0.5,3\n0,2,4\nyes,1,1\n");
    csv_file file(csv_reader(stream, "f.csv"));
    std::vector<std::uint8_t> flags;
    std::vector<double> weights;
    std::vector<std::uint32_t> lengths;
    std::vector<number_column> numbers;
    std::vector<length_column> counts;
    add_weight_column(file, weights, numbers);
    add_column_if_there(file, "margin", number_column{&weights}, numbers); // which is not
    add_column_if_there(file, "tokens", length_column{&lengths}, counts);
    const flag_column good{&flags, file.column("good")};
    REQUIRE(numbers.size() == 1);
    REQUIRE(counts.size() == 1);
    for (int line = 0; line < 2; ++line) {
        const auto row = file.next();
        REQUIRE(row.has_value());
        good.read(file, *row);
        numbers[0].read(file, *row);
        counts[0].read(file, *row);
    }
    CHECK(flags == std::vector<std::uint8_t>{1, 0});
    CHECK(weights == std::vector<double>{0.5, 2});
    CHECK(lengths == std::vector<std::uint32_t>{3, 4});
    const auto row = file.next();
    CHECK_THROWS_WITH_AS(good.read(file, *row),
                         "f.csv:4: column 'good' holds 'yes', one of 1, 0, true and false was expected", input_error);
}

TEST_CASE("what a loss does not read of a file's weights, targets and margins is named") {
    std::istringstream stream("weight,target,note\n1,1,\n");
    const csv_file file(csv_reader(stream, "f.csv"));
    CHECK(ignored_columns(file, {.weight = false, .target = false, .margin = false}) == "weight, target");
    CHECK(ignored_columns<dpo>(file).empty());
    constexpr wanted_columns wanted = columns_wanted_by<simpo>();
    CHECK((!wanted.reference && !wanted.gold && wanted.weight && wanted.lengths == lengths_read::both));
}

TEST_CASE("an error that names a place names the line of the file") {
    const std::size_t lines[]{2, 5};
    const auto fail = [](const char* what) { return [what]() -> int { throw numeric_error(what); }; };
    CHECK_THROWS_WITH_AS(with_lines_named("f.csv", lines, "pair", fail("pair 1: chosen is nan")),
                         "f.csv:5: chosen is nan", numeric_error);
    CHECK_THROWS_WITH_AS(with_lines_named("f.csv", lines, "pair", fail("too large")), "f.csv: too large",
                         numeric_error);
    CHECK(with_lines_named("", lines, "pair", [] { return 7; }) == 7);
}

TEST_CASE("a response's values are a line of CSV") {
    CHECK(csv_line({0.1, -0.0, 1e300}) == "0.1,0,1e+300\n");
    CHECK(to_csv(std::vector<response_loss_value>{{0.5, -0.25}}) == "loss,d_logp\n0.5,-0.25\n");
}
