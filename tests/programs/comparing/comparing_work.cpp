#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <preflearn/programs/comparing/compare_files.hpp>
#include <preflearn/programs/comparing/comparing_work.hpp>

#include "label_files.hpp"

using namespace preflearn;

TEST_CASE("a comparison tells records of all files, then pairs of sources and cards") {
    test::label_files f;
    f.add("x", test::labels_of(std::string(1500, 'a'), std::string(1500, 'b')));
    f.add("y", test::labels_of(std::string(700, 'b'), std::string(700, 'b')));
    f.options.rows = f.at / "rows.csv";
    std::vector<std::tuple<std::string, std::size_t, std::size_t>> told;
    std::vector<std::string> sentences;
    compare_files(
        f.options, [&](const std::string& text) { sentences.push_back(text); },
        [&](std::string_view title, std::size_t done, std::size_t total, double, double) {
            told.emplace_back(title, done, total);
        });
    REQUIRE(told.size() == 4 + 6);
    CHECK(told[0] == std::tuple("reading", 0, 2200));
    CHECK(told[1] == std::tuple("reading", 1000, 2200));
    CHECK(told[3] == std::tuple("reading", 2200, 2200));
    CHECK(told[4] == std::tuple("comparing", 0, 5)); // three pairs of two files and people, two cards
    CHECK(told.back() == std::tuple("comparing", 5, 5));
    REQUIRE_FALSE(sentences.empty());
    CHECK(test::contains(sentences[0], "reading: 1000 of 2200; the rest will take about"));
    told.clear();
    CHECK(compare_files(f.options, {}, [&](auto&&...) { told.emplace_back(); }).was_there);
    CHECK(told.empty());
}

TEST_CASE("an array counts its members, blank lines are no records") {
    test::folder at;
    CHECK(detail::count_records(at.write("a.json", R"([{"a":1},{"a":2}])")) == 2);
    CHECK(detail::count_records(at.write("b.jsonl", "{}\n\n{}\n")) == 2);
}
