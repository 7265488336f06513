#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/policy/files/json_fields.hpp>

using namespace preflearn;

namespace {

const nlohmann::json object = nlohmann::json::parse(R"({
    "layers": 3, "theta": 1e4, "tied": true, "name": "x", "none": null, "negative": -1, "fraction": 2.5,
    "ends": [4, 5], "end": 6, "inner": {"factor": 2}, "llama.layers": 7})");

} // namespace

TEST_CASE("fields are read by name and kind; what is absent or null takes its default") {
    const settings_reader in(object, "config.json");
    CHECK(in.natural("layers") == 3);
    CHECK(in.natural("missing", 9) == 9);
    CHECK(in.natural("none", 9) == 9);
    CHECK(in.number("theta") == 1e4);
    CHECK(in.number("layers") == 3);
    CHECK(in.number("missing", 0.5) == 0.5);
    CHECK(in.flag("tied", false));
    CHECK(in.flag("missing", true));
    CHECK(in.text("name", "") == "x");
    CHECK(in.text("none", "y") == "y");
    CHECK(in.has("tied"));
    CHECK_FALSE(in.has("none"));
    CHECK(in.tokens("ends") == std::vector<token_id>{4, 5});
    CHECK(in.tokens("end") == std::vector<token_id>{6});
    CHECK(in.tokens("missing").empty());
    CHECK(in.within("inner").natural("factor") == 2);
    CHECK(settings_reader(object, "model.gguf", "llama.").natural("layers") == 7);
}

TEST_CASE("a field of another kind is an error that names file, field, what was expected and what was found") {
    const settings_reader in(object, "config.json");
    CHECK_THROWS_WITH_AS((void)in.natural("missing"),
                         "config.json: missing: a whole number of at least 0 was expected, found nothing", input_error);
    CHECK_THROWS_WITH_AS((void)in.natural("negative"), doctest::Contains("found -1"), input_error);
    CHECK_THROWS_AS((void)in.natural("fraction", 1), input_error);
    CHECK_THROWS_AS((void)in.number("name"), input_error);
    CHECK_THROWS_AS((void)in.flag("layers", true), input_error);
    CHECK_THROWS_AS((void)in.text("layers", ""), input_error);
    CHECK_THROWS_AS((void)in.tokens("fraction"), input_error);
    CHECK_THROWS_AS((void)in.tokens("negative"), input_error);
    CHECK_THROWS_WITH_AS((void)in.within("inner").natural("rows"), doctest::Contains("config.json: inner: rows: "),
                         input_error);
    CHECK_THROWS_WITH_AS((void)settings_reader(object, "a.gguf", "llama.").natural("heads"),
                         doctest::Contains("a.gguf: llama.heads: "), input_error);
    CHECK_THROWS_WITH_AS(settings_reader(object["ends"], "list.json"),
                         "list.json: a JSON object was expected, found array", input_error);
}

TEST_CASE("one supported value: absent and equal pass, anything else is refused with both") {
    const settings_reader in(object, "config.json");
    CHECK_NOTHROW(in.expect("missing", 1));
    CHECK_NOTHROW(in.expect("layers", 3));
    CHECK_THROWS_WITH_AS(in.expect("layers", 1), "config.json: layers: only 1 is supported, found 3", input_error);
    CHECK_THROWS_AS(in.expect("name", "silu"), input_error);
}

TEST_CASE("a long value is cut in the message") {
    const nlohmann::json long_value{{"x", std::string(1000, 'a')}};
    try {
        (void)settings_reader(long_value, "f").number("x");
        FAIL("no error");
    } catch (const input_error& failure) {
        CHECK(std::string(failure.what()).size() < 200);
    }
}
