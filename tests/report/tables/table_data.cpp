#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/report/tables/table_data.hpp>

#include "../../numbers.hpp"

using namespace preflearn;

namespace {

/// RFC 4180, as a reader of its own.
std::vector<std::vector<std::string>> read_csv(std::string_view text) {
    std::vector<std::vector<std::string>> rows(1, std::vector<std::string>(1));
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string& field = rows.back().back();
        if (quoted && text[i] == '"' && text.substr(i).starts_with("\"\"")) {
            field += text[i++];
        } else if (text[i] == '"') {
            quoted = !quoted;
        } else if (!quoted && text[i] == ',') {
            rows.back().emplace_back();
        } else if (!quoted && text[i] == '\n') {
            rows.emplace_back(1);
        } else {
            field += text[i];
        }
    }
    CHECK_FALSE(quoted);
    rows.pop_back(); // after the last line's end
    return rows;
}

} // namespace

TEST_CASE("texts survive CSV") {
    const std::vector<std::string> hard = {"plain", "a,b", "say \"no\"", "two\nlines", "\r",
                                           "\"",    ",",   "σ 人",       " room ",     "end\t"};
    table results{.columns = {{.name = "a, \"quoted\" name"}, {.name = "n"}}};
    for (const std::string& text : hard) results.rows.push_back({text, 1});
    const auto rows = read_csv(to_csv(results));
    REQUIRE(rows.size() == hard.size() + 1);
    CHECK(rows[0][0] == "a, \"quoted\" name");
    for (std::size_t i = 0; i < hard.size(); ++i) CHECK(rows[i + 1] == std::vector<std::string>{hard[i], "1"});
    CHECK(csv_field(" room ") == "\" room \""); // a blank at an end is safe from readers that trim
}

TEST_CASE("every double reads back to the same bits from CSV and JSON") {
    table results{.columns = {{.name = "x", .digits = 0}}};
    std::vector<double> values = {0.1, 1.0 / 3, -0.0, 5e-324, 1.7976931348623157e308, 123456789.0, 1e22, 1e23};
    generator random(1, "doubles");
    while (values.size() < 2000) {
        const double value = std::bit_cast<double>(random());
        if (std::isfinite(value)) values.push_back(value);
    }
    for (const double value : values) results.rows.push_back({value});
    const auto rows = read_csv(to_csv(results));
    const auto json = nlohmann::json::parse(to_json(results).dump());
    for (std::size_t i = 0; i < values.size(); ++i) {
        CHECK(std::bit_cast<std::uint64_t>(std::strtod(rows[i + 1][0].c_str(), nullptr)) ==
              std::bit_cast<std::uint64_t>(values[i]));
        CHECK(std::bit_cast<std::uint64_t>(json[i]["x"].get<double>()) == std::bit_cast<std::uint64_t>(values[i]));
    }
}

TEST_CASE("errors and intervals take columns of their own in CSV, and gaps are empty") {
    const table results{.columns = {{.name = "who"}, {.name = "share"}, {.name = "loss"}},
                        .rows = {{"a", with_interval{0.5, 0.25, 0.75}, with_error{2, 0.5}},
                                 {"b", 0.5, with_digits{3, 1}},
                                 {"c", no_value{}, std::nan("")},
                                 {"d", test::infinity, -test::infinity}}};
    CHECK(to_csv(results) == "who,share,share_low,share_high,loss,loss_error\n"
                             "a,0.5,0.25,0.75,2,0.5\n"
                             "b,0.5,,,3,\n"
                             "c,,,,nan,\n"
                             "d,inf,,,-inf,\n");
}

TEST_CASE("JSON is an array of objects in the order of the columns") {
    const table results{.title = "left out",
                        .columns = {{.name = "z"}, {.name = "a"}},
                        .rows = {{"text", with_interval{0.5, 0.25, 0.75}},
                                 {UINT64_MAX, with_error{1, 0.5}},
                                 {no_value{}, std::nan("")},
                                 {-3, test::infinity}}};
    CHECK(to_json(results).dump() == R"([{"z":"text","a":{"value":0.5,"low":0.25,"high":0.75}},)"
                                     R"({"z":18446744073709551615,"a":{"value":1.0,"error":0.5}},)"
                                     R"({"z":null,"a":null},{"z":-3,"a":"Infinity"}])");
    CHECK(to_json(table{}).dump() == "[]");
}
