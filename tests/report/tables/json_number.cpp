#include <limits>

#include <doctest/doctest.h>

#include <preflearn/report/run/write.hpp>
#include <preflearn/report/tables/json_number.hpp>

using namespace preflearn;

TEST_CASE("minus infinity is told from a number that does not exist, at any depth") {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    CHECK(json_number(-infinity).dump() == "\"-Infinity\"");
    CHECK(json_number(infinity).dump() == "\"Infinity\"");
    CHECK(json_number(std::numeric_limits<double>::quiet_NaN()).dump() == "null");
    CHECK(json_number(0.1).dump() == "0.1");
    const nlohmann::ordered_json value{{"low", -infinity}, {"list", {1.5, {{"high", infinity}}, 3}}};
    CHECK(nlohmann::ordered_json::parse(json_text(value)).dump() ==
          R"({"low":"-Infinity","list":[1.5,{"high":"Infinity"},3]})");
}
