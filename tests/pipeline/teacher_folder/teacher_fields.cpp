#include <doctest/doctest.h>

#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/pipeline/teacher_folder/teacher_fields.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("members of teacher.json are read by their type, and another type is named with its place") {
    const nlohmann::json object{{"name", "x"}, {"size", 3.5}, {"none", nullptr}, {"on", true}, {"inner", {{"n", -1}}}};
    const teacher_fields in(object, "t.json");
    CHECK(in.text("name") == "x");
    CHECK(in.number("size", 1) == 3.5);
    CHECK(in.flag("on"));
    CHECK_FALSE(in.flag("off"));
    CHECK(in.number("none", 2) == 2); // null is as if it were not there
    CHECK(in.text("missing", "y") == "y");
    CHECK(test::error_of([&] { (void)in.text("missing"); }) == "t.json: 'missing' is missing, a text was expected");
    CHECK(test::error_of([&] { (void)in.number("name", 1); }) == "t.json: 'name' is \"x\", a number was expected");
    CHECK(test::contains(test::error_of([&] { (void)in.flag("size"); }), "true or false was expected"));
    CHECK(test::contains(test::error_of([&] { (void)in.object("inner").positive("n", 1); }),
                         "t.json: 'inner': 'n' is -1, a positive number was expected"));
    CHECK(test::contains(test::error_of([&] { (void)in.object("name"); }), "an object was expected, found string"));
}
