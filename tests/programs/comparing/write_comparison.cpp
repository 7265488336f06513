#include <doctest/doctest.h>

#include <filesystem>

#include <preflearn/programs/comparing/write_comparison.hpp>

#include "label_files.hpp"

using namespace preflearn;

TEST_CASE("a comparison's folder has its page and a card of every source") {
    test::label_files f;
    f.add("x", test::labels_of("aabb", "abab"));
    const label_comparison found = compare_sources(read_sources(f.options), f.options);
    write_comparison(found, f.at / "report");
    CHECK(test::contains(test::read(f.at / "report/comparison.md"), "x/card.md"));
    CHECK(std::filesystem::exists(f.at / "report/x/card.json"));
    CHECK(agreement_map(found).values[1] == doctest::Approx(0.5));
}
