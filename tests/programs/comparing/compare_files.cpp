#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/programs/comparing/compare_files.hpp>

#include "label_files.hpp"

using namespace preflearn;

TEST_CASE("the same command finds what it made, another one writes nothing over") {
    test::label_files f;
    f.add("x", test::labels_of("aabb", "abab"));
    f.options.json = f.at / "c.json";
    f.options.report = f.at / "report";
    CHECK_FALSE(compare_files(f.options).was_there);
    const std::string first = test::read(f.at / "c.json");
    CHECK(compare_files(f.options).was_there);
    CHECK(test::read(f.at / "c.json") == first);
    f.options.bins = 3;
    CHECK(test::contains(test::error_of([&] { compare_files(f.options); }), "made in another way"));
    f.options.json = f.at / "other.json";
    CHECK(test::contains(test::error_of([&] { compare_files(f.options); }), "was made in another way"));
}

TEST_CASE("a comparison that was stopped is made to its end, to the same bytes") {
    test::label_files f;
    f.add("x", test::labels_of("aabb", "abab"));
    f.options.json = f.at / "c.json";
    f.options.report = f.at / "report";
    f.options.subsets = f.at / "subsets";
    f.options.rows = f.at / "rows.csv";
    compare_files(f.options);
    const std::vector<std::string> files{"c.json", "report/comparison.md", "subsets/match.ids.jsonl", "rows.csv"};
    std::vector<std::string> before;
    for (const auto& file : files) before.push_back(test::read(f.at / file));
    for (const char* const lost : {"c.json", "report/run.json", "subsets/run.json", "rows.csv"}) {
        std::filesystem::remove(f.at / lost);
        if (std::string_view(lost) == "report/run.json") std::filesystem::remove(f.at / "report/comparison.md");
        CHECK_FALSE(compare_files(f.options).was_there);
        for (std::size_t i = 0; i < files.size(); ++i) CHECK(test::read(f.at / files[i]) == before[i]);
    }
    CHECK(compare_files(f.options).was_there);
}

TEST_CASE("a folder of somebody else is left alone") {
    test::label_files f;
    f.add("x", test::labels_of("aabb", "abab"));
    f.options.report = f.at / "report";
    std::filesystem::create_directory(f.options.report);
    f.at.write("report/diary.txt", "mine");
    CHECK(test::contains(test::error_of([&] { compare_files(f.options); }), "not made by this program"));
}

TEST_CASE("nothing to write is nothing that was made before") {
    test::label_files f;
    f.add("x", test::labels_of("aabb", "abab"));
    for (const int time : {1, 2}) {
        CAPTURE(time);
        CHECK(compare_files(f.options).result.cards.size() == 1);
    }
}

TEST_CASE("what is not defined is told, also of a comparison that was made before") {
    test::label_files f;
    f.add("x", test::labels_of("aabb----"));
    f.add("y", test::labels_of("----abab"));
    CHECK(compare_files(f.options).not_defined.size() == 1);
    f.options.rows = f.at / "rows.csv";
    for (const bool there : {false, true}) {
        const compared_files made = compare_files(f.options);
        CHECK(made.was_there == there);
        REQUIRE(made.not_defined.size() == 1);
        CHECK(test::contains(made.not_defined[0], "no two of the files"));
    }
    f.options.rows.clear();
    f.options.subsets = f.at / "subsets";
    for (const bool there : {false, true}) {
        const compared_files made = compare_files(f.options);
        CHECK(made.was_there == there);
        CHECK(made.not_defined.size() == 1);
    }
    test::label_files defined;
    defined.add("x", test::labels_of("aabb", "abab"));
    defined.options.json = defined.at / "c.json";
    for (int time = 0; time < 2; ++time) CHECK(compare_files(defined.options).not_defined.empty());
}
