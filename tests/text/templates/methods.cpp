#include <doctest/doctest.h>

#include <string>

#include <preflearn/text/templates/methods.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("strings are stripped of characters, not of bytes") {
    CHECK(method_value("strip", "\u3000a\u00A0", {}) == "a");
    CHECK(method_value("lstrip", "ééa", {.list = {"é"}}) == "a");
    CHECK(method_value("rstrip", "a\u00E9\u00E8", {.list = {"\u00E8"}}) == "a\u00E9");
    CHECK(method_value("strip", " \t ", {}) == "");
    CHECK(filter_value("length", "héé", {}) == 3);
    CHECK(characters_of("aé") == template_value::array({"a", "é"}));
}

TEST_CASE("strings are split and joined as Python does") {
    CHECK(method_value("split", "", {.list = {","}}) == template_value::array({""}));
    CHECK(method_value("split", "", {}) == template_value::array());
    CHECK(method_value("split", "  a  b c ", {.list = {template_value(), 1}}) == template_value::array({"a", "b c"}));
    CHECK(method_value("join", "-", {.list = {template_value::array({1, "b"})}}) == "1-b");
    CHECK(
        test::contains(test::error_of([] { (void)method_value("split", "a", {.list = {""}}); }), "separator is empty"));
}

TEST_CASE("mappings give their members, keys and pairs in their order") {
    const template_value object = template_value::parse(R"({"b": 1, "a": 2})");
    CHECK(method_value("get", object, {.list = {"a"}}) == 2);
    CHECK(method_value("get", object, {.list = {"c"}}).is_null());
    CHECK(method_value("get", object, {.list = {"c", 3}}) == 3);
    CHECK(method_value("keys", object, {}) == template_value::array({"b", "a"}));
    CHECK(filter_value("items", object, {})[1][1] == 2);
}

TEST_CASE("a default stands in for what is undefined, and for what is empty where it is asked for") {
    CHECK(filter_value("default", undefined_value(), {.list = {"d"}}) == "d");
    CHECK(filter_value("default", "", {.list = {"d"}}) == "");
    CHECK(filter_value("default", "", {.list = {"d"}, .named = {{"boolean", true}}}) == "d");
}

TEST_CASE("lists are chosen from by their members") {
    const template_value said = template_value::parse(R"([{"r": "u", "c": 1}, {"r": "a", "c": 2}, {"c": 3}])");
    CHECK(filter_value("selectattr", said, {.list = {"r", "equalto", "a"}}).size() == 1);
    CHECK(filter_value("rejectattr", said, {.list = {"r"}}) == template_value::parse(R"([{"c": 3}])"));
    CHECK(filter_value("map", said, {.named = {{"attribute", "c"}}}) == template_value::array({1, 2, 3}));
    CHECK(filter_value("map", template_value::array({" a "}), {.list = {"trim"}}) == template_value::array({"a"}));
}
