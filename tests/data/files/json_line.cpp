#include <string>

#include <doctest/doctest.h>

#include <preflearn/data/files/json_line.hpp>

using namespace preflearn;
using preflearn::detail::json_field;
using preflearn::detail::parse_json_line;

namespace {

std::string refused(const std::string& line) {
    try {
        static_cast<void>(parse_json_line(line));
        return "";
    } catch (const input_error& failure) {
        return failure.what();
    }
}

} // namespace

TEST_CASE("a line of JSON is read, and one that is none is an error that says where") {
    CHECK(parse_json_line(R"({"a": [1, 2.5, "é"]})")["a"][1] == 2.5);
    CHECK(refused("{\"a\": 1").find("is not valid JSON at byte 8") != std::string::npos);
    CHECK(refused("").find("is not valid JSON") != std::string::npos);
    CHECK(refused(R"({"a": 1e999})").find("is not valid JSON") != std::string::npos);
    CHECK(refused("{\"a\": \"\xff\"}").find("is not valid JSON") != std::string::npos);
    CHECK(refused(std::string(100'000, '[')).size() < 500);
}

TEST_CASE("a key that an object repeats is an error; objects beside and within each other may share keys") {
    CHECK(refused(R"({"a": 1, "b": 2, "a": 3})") == "field 'a' appears twice in one object");
    CHECK(refused(R"({"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]})") == "");
}

TEST_CASE("a field says its name, what it holds and what was expected of it") {
    const nlohmann::json line = parse_json_line(R"({"n": 2, "t": "x", "o": {"inner": 3, "none": null}, "b": true})");
    const json_field whole{&line, "record"};
    CHECK(whole.member("n").number() == 2);
    CHECK(whole.member("t").text() == "x");
    CHECK(whole.member("o").is_conversation());
    CHECK_FALSE(whole.member("missing").present());
    CHECK_FALSE(whole.member("o").member("none").present());
    CHECK_THROWS_WITH_AS(static_cast<void>(json_field({&line["n"], "label"}).text()),
                         "field 'label': found number 2, expected a text", input_error);
    CHECK_THROWS_WITH_AS(static_cast<void>(json_field({nullptr, "prompt"}).text()),
                         "field 'prompt': found nothing, expected a text", input_error);
    CHECK_THROWS_WITH_AS(static_cast<void>(json_field({&line["b"], "margin"}).number()),
                         "field 'margin': found boolean, expected a number", input_error);
}
