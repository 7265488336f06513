#include <doctest/doctest.h>

#include <preflearn/checkpoint/json_file.hpp>

#include "../files.hpp"

using namespace preflearn;

TEST_CASE("broken JSON is an input_error that names the file and the place") {
    const test::folder folder;
    const auto path = folder.write("a.json", "{\"a\": [1, 2}");
    const std::string message = test::error_of([&] { (void)read_json_file(path); });
    CHECK(test::contains(message, path.string()));
    CHECK(test::contains(message, "column 12"));
    CHECK_THROWS_AS(parse_json("{\"a\": \"\xff\"}", "x"), input_error);
    CHECK_THROWS_AS(parse_json("", "x"), input_error);
}

TEST_CASE("repeated keys are refused where asked for, at every depth, and only within one object") {
    CHECK(parse_json(R"({"a": 1, "a": 2})", "x").at("a") == 2);
    CHECK(test::contains(test::error_of([] { (void)parse_json_of_unique_keys(R"({"b": {"a": 1, "a": 2}})", "x"); }),
                         "'a' appears twice"));
    CHECK(parse_json_of_unique_keys(R"([{"a": 1}, {"a": {"a": 2}}])", "x")[1].at("a").at("a") == 2);
}

TEST_CASE("deep nesting does not end the program") {
    const std::string deep(200000, '[');
    CHECK_THROWS_AS(parse_json(deep, "x"), input_error);
    CHECK(parse_json(deep + std::string(200000, ']'), "x").is_array());
}
