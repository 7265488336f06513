#include <string>
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
