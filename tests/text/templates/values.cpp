#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

#include <preflearn/text/templates/values.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("truth, text and equality are Python's") {
    for (const template_value& empty :
         {template_value(), template_value(false), template_value(0), template_value(0.0), template_value(""),
          template_value::array(), template_value::object(), undefined_value()})
        CHECK_FALSE(is_true(empty));
    for (const template_value& full : {template_value(true), template_value(-1), template_value(0.5),
                                       template_value("0"), template_value::array({template_value()})})
        CHECK(is_true(full));
    CHECK(text_of(template_value::parse(R"([null, true, 1.5, "a'b", {"k": ["\n"]}])")) ==
          R"([None, True, 1.5, "a'b", {'k': ['\n']}])");
    CHECK(text_of(undefined_value()).empty());
    CHECK(equal(template_value(true), template_value(1)));
    CHECK_FALSE(equal(template_value("1"), template_value(1)));
    CHECK_FALSE(equal(undefined_value(), template_value()));
}

TEST_CASE("division and remainder of whole numbers round down, and what is too large is refused") {
    CHECK(binary_value("//", -7, 2) == -4);
    CHECK(binary_value("%", -7, 3) == 2);
    CHECK(binary_value("/", 7, 2) == 3.5);
    const template_value least = std::numeric_limits<std::int64_t>::min();
    CHECK(test::contains(test::error_of([&] { (void)binary_value("//", least, -1); }), "too large"));
    CHECK(test::contains(test::error_of([&] { (void)binary_value("-", least, 1); }), "too large"));
    CHECK(binary_value("%", least, -1) == 0);
    CHECK(test::contains(test::error_of([&] { (void)binary_value("%", 1, 0); }), "division by zero"));
    CHECK(test::error_of([&] { (void)binary_value("<", 1, "a"); }) == "<: a number and a string have no order");
}

TEST_CASE("JSON is written with blanks between its parts") {
    std::string line, lines;
    const template_value data = template_value::parse(R"({"a": [1, {"b": null}], "c": [], "d": "é\""})");
    write_json(line, data, -1);
    CHECK(line == R"({"a": [1, {"b": null}], "c": [], "d": "é\""})");
    write_json(lines, data, 1);
    CHECK(lines == "{\n \"a\": [\n  1,\n  {\n   \"b\": null\n  }\n ],\n \"c\": [],\n \"d\": \"é\\\"\"\n}");
}

TEST_CASE("tests tell kinds apart") {
    CHECK(test_value("mapping", template_value::object(), {}));
    CHECK(test_value("iterable", "a", {}));
    CHECK_FALSE(test_value("sequence", 1, {}));
    CHECK(test_value("false", false, {}));
    CHECK_FALSE(test_value("none", undefined_value(), {}));
    CHECK(test_value("in", "a", template_value::array({"a"})));
    CHECK(contains("abc", "bc"));
    CHECK_FALSE(contains(undefined_value(), "a"));
}
