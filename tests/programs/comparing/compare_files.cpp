#include <doctest/doctest.h>

#include <preflearn/programs/comparing/compare_files.hpp>

#include "label_files.hpp"

using namespace preflearn;

TEST_CASE("the same command makes the same bytes, another one writes nothing over") {
    test::label_files f;
    f.add("x", test::labels_of("aabb", "abab"));
    f.options.json = f.at / "c.json";
    f.options.report = f.at / "report";
    compare_files(f.options);
    const std::string first = test::read(f.at / "c.json");
    compare_files(f.options);
    CHECK(test::read(f.at / "c.json") == first);
    f.options.bins = 3;
    CHECK(test::contains(test::error_of([&] { compare_files(f.options); }), "made in another way"));
}
