#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/json_objects.hpp>

#include "../../files.hpp"
#include "../gzip.hpp"

using namespace preflearn;

namespace {

/// The member `n` of every object, and where it begins.
std::vector<std::pair<int, std::size_t>> numbers_in(const std::string& text) {
    const test::folder here;
    json_objects objects(here.write("objects", text));
    std::vector<std::pair<int, std::size_t>> found;
    while (const auto object = objects.next()) found.emplace_back(object->at("n").get<int>(), objects.place().line);
    return found;
}

using found = std::vector<std::pair<int, std::size_t>>;

} // namespace

TEST_CASE("lines and arrays hold the same objects, brackets in texts are no brackets") {
    CHECK(numbers_in("{\"n\":1}\n\n{\"n\":2,\"s\":\"]},{\\\"\"}\n") == found{{1, 1}, {2, 3}});
    CHECK(numbers_in("[{\"n\":1},{\"n\":2,\"s\":\"]},{\\\"\",\"a\":[[]]}]") == found{{1, 1}, {2, 1}});
    CHECK(numbers_in("\xEF\xBB\xBF [\n {\n  \"n\": 1\n },\n {\"n\": 2}\n]\n") == found{{1, 2}, {2, 5}});
    CHECK(numbers_in("[]").empty());
    CHECK(numbers_in("").empty());
    CHECK(numbers_in(test::gzipped("[{\"n\":7}]")) == found{{7, 1}});
}

TEST_CASE("what is damaged is named by its line; what stands by itself can be read over") {
    CHECK(
        test::contains(test::error_of([] { numbers_in("[{\"n\":1},\n{\"n\":"); }), "objects:2: the array ends early"));
    CHECK(test::contains(test::error_of([] { numbers_in("[{\"n\":1}] x"); }), "more stands behind the end"));
    const test::folder here;
    for (const char* text : {"[{\"n\":1}, 3,\n{\"n\":2}]", "{\"n\":1}\n{\"n\":\n{\"n\":2}\n"}) {
        json_objects objects(here.write("objects", text));
        CHECK(objects.next().has_value());
        CHECK_THROWS_AS(objects.next(), json_object_error);
        CHECK(objects.next()->at("n") == 2);
        CHECK(!objects.next());
    }
    CHECK_THROWS_AS(json_objects(here / "nothing"), input_error);
}

TEST_CASE("what cannot be read is told with its place, or skipped and told without") {
    const test::folder here;
    const auto path =
        here.write("objects", "{\"n\":1}\n{\"n\":\"x\"}\n{\"n\":3}\n{\"n\":\"a text that is too long\"}\n");
    const auto number = [](const nlohmann::json& object) {
        require<input_error>(object.at("n").is_number(), "no number");
        return object.at("n").get<int>();
    };
    std::vector<std::string> skipped;
    const auto skip = [&](std::string_view why) { skipped.emplace_back(why); };
    json_objects strict(path);
    CHECK(next_read(strict, false, number, skip) == 1);
    CHECK(test::contains(test::error_of([&] { next_read(strict, false, number, skip); }), "objects:2: no number"));
    json_objects objects(path, 20);
    CHECK(next_read(objects, true, number, skip) == 1);
    CHECK(next_read(objects, true, number, skip) == 3);
    CHECK_FALSE(next_read(objects, true, number, skip).has_value());
    REQUIRE(skipped.size() == 2);
    CHECK(skipped[0] == "no number");
    CHECK(test::contains(skipped[1], "20"));
    json_objects array(here.write("array", "[{\"n\":"), 20);
    CHECK_THROWS_AS(next_read(array, true, number, skip), input_error); // the file itself cannot be read on
}
