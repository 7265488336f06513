#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "floor_plan.hpp"

using namespace test;

namespace {

const std::filesystem::path tests = PREFLEARN_TESTS;
const std::filesystem::path include = tests.parent_path() / "include";

std::string joined(const std::vector<std::string>& sentences) {
    std::string text;
    for (const std::string& sentence : sentences) text += sentence + '\n';
    return text;
}

/// A house of two rooms that keeps to its table; the tests spoil it.
struct small_house {
    std::vector<room> table{{"core", {}, "core"}, {"text", {"core"}, "files"}};
    std::vector<header> headers{{"preflearn/core.hpp", {"preflearn/core/error.hpp"}},
                                {"preflearn/core/error.hpp", {"string", "Eigen/Core"}},
                                {"preflearn/text.hpp", {"preflearn/text/bpe.hpp"}},
                                {"preflearn/text/bpe.hpp", {"preflearn/core/error.hpp", "utf8proc.h"}}};

    [[nodiscard]] std::string faults() const { return joined(test::faults(table, headers)); }
};

} // namespace

TEST_CASE("README's table of rooms is what the headers include") {
    std::ifstream readme(tests.parent_path() / "README.md");
    const std::vector<room> table = read_table(readme);
    REQUIRE(table.size() > 5);
    const std::vector<header> headers = read_headers(include);
    REQUIRE(headers.size() > 50);
    CHECK(joined(faults(table, headers)) == "");
}

TEST_CASE("a table is read by its cells") {
    std::istringstream text("# x\n| a | b |\n\n| room | lives there | may include | component |\n|---|---|---|---|\n"
                            "| `core` | errors, `ragged` | – | `core` |\n| `text` | BPE | `core`, `file` | `files` |\n"
                            "\n| `no` | | | |\n");
    const std::vector<room> table = read_table(text);
    REQUIRE(table.size() == 2);
    CHECK(table[0].name == "core");
    CHECK(table[0].may_include.empty());
    CHECK(table[1].may_include == std::vector<std::string>{"core", "file"});
    CHECK(table[1].component == "files");
}

TEST_CASE("wrong arrows, cycles, missing rooms and packages of another component are found") {
    small_house house;
    CHECK(house.faults() == "");
    SUBCASE("an arrow the wrong way") {
        house.headers[1].includes.push_back("preflearn/text/bpe.hpp");
        CHECK_MESSAGE(house.faults().starts_with("preflearn/core/error.hpp includes preflearn/text/bpe.hpp, but core "
                                                 "may not include text\n"),
                      house.faults());
    }
    SUBCASE("a cycle") {
        house.table[0].may_include = {"text"};
        CHECK(house.faults() == "room core reaches itself along the arrows of the table\n");
    }
    SUBCASE("a room missing from the table") {
        house.headers.push_back({"preflearn/loss/dpo.hpp", {"cmath"}});
        CHECK(house.faults() == "room loss is missing from the table\n");
    }
    SUBCASE("a row without a room") {
        house.table.push_back({"loss", {"core"}, "core"});
        CHECK(house.faults() == "room loss of the table has no headers\n");
    }
    SUBCASE("a row that names a room which is none") {
        house.table[1].may_include.push_back("loss");
        CHECK(house.faults() == "room text may include loss, which is not in the table\n");
    }
    SUBCASE("a package of the component files in a room of the component core") {
        house.table[1].component = "core";
        CHECK(house.faults() == "room text of the component core reaches utf8proc.h through preflearn/text/bpe.hpp\n");
    }
    SUBCASE("a package that no component has") {
        house.headers[1].includes.push_back("boost/any.hpp");
        CHECK(house.faults() == "preflearn/core/error.hpp includes boost/any.hpp of a package that no component has\n");
    }
}

TEST_CASE("an umbrella header reaches every header of its room through that room, and preflearn.hpp every room") {
    const std::vector<header> headers = read_headers(include);
    std::map<std::string, std::set<std::string>> reached; // by umbrella
    const std::function<void(std::set<std::string>&, const std::string&, const std::string&)> walk =
        [&](std::set<std::string>& seen, const std::string& path, const std::string& room) {
            const auto found = std::ranges::find(headers, path, &header::path);
            if (found == headers.end() || !seen.insert(path).second) return;
            for (const std::string& next : found->includes)
                if (room.empty() ? path == "preflearn.hpp" : room_of(next) == room) walk(seen, next, room);
        };
    walk(reached[""], "preflearn.hpp", "");
    for (const header& h : headers) {
        const std::string room = room_of(h.path);
        if (room.empty()) continue;
        const std::string umbrella = "preflearn/" + room + ".hpp";
        if (!reached.contains(room)) walk(reached[room], umbrella, room);
        CHECK_MESSAGE(reached[room].contains(h.path), umbrella << " does not reach " << h.path);
        CHECK_MESSAGE(reached[""].contains(umbrella), "preflearn.hpp does not include " << umbrella);
    }
}

TEST_CASE("a header says what it is, is included once, and is short") {
    for (const header& h : read_headers(include)) {
        const std::vector<std::string> lines = lines_of(include / h.path);
        CAPTURE(h.path);
        REQUIRE(lines.size() > 4);
        CHECK(lines.size() < 500);
        CHECK(lines[0] == "/// \\file");
        const auto licence = std::ranges::find(lines, "// SPDX-License-Identifier: MIT");
        CHECK(licence - lines.begin() < 15);
        CHECK(std::ranges::find(lines, "#pragma once") == licence + 1);
    }
}

TEST_CASE("tests and benchmarks are found by the name of what they test") {
    for (const header& h : read_headers(include)) {
        const std::filesystem::path below = std::filesystem::path(h.path).lexically_relative("preflearn");
        if (!below.has_parent_path() || h.path == "preflearn.hpp") continue; // umbrella headers
        const auto test = std::filesystem::path(below).replace_extension(".cpp");
        CHECK_MESSAGE(exists(tests / test), "tests/" << test.generic_string() << " is missing");
    }
    for (const std::filesystem::path& mirror : {tests, tests.parent_path() / "bench"}) {
        for (const auto& entry : std::filesystem::directory_iterator(mirror)) {
            const std::string name = entry.path().filename();
            if (!entry.is_directory() || name == "house" || name == "real_model" || name == "field") continue;
            CHECK_MESSAGE(exists(include / "preflearn" / name), entry.path() << " mirrors no room");
        }
    }
}
