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

/// A house of three rooms, one with floors, that keeps to its table; the tests spoil it.
struct small_house {
    std::vector<room> table{{"core", {}, "core"},
                            {"text", {"core"}, "files"},
                            {"loss", {"core", "loss/parts"}, "core"},
                            {"loss/parts", {}, "core"},
                            {"loss/pairs", {"loss/parts"}, "core"},
                            {"loss/files", {"loss", "text"}, "files"}};
    std::vector<header> headers{{"preflearn/core.hpp", {"preflearn/core/error.hpp"}},
                                {"preflearn/core/error.hpp", {"string", "Eigen/Core"}},
                                {"preflearn/text.hpp", {"preflearn/text/bpe.hpp"}},
                                {"preflearn/text/bpe.hpp", {"preflearn/core/error.hpp", "utf8proc.h"}},
                                {"preflearn/loss.hpp", {"preflearn/loss/dpo.hpp", "preflearn/loss/files.hpp"}},
                                {"preflearn/loss/dpo.hpp", {"preflearn/loss/parts/link.hpp"}},
                                {"preflearn/loss/files.hpp", {"preflearn/loss/files/read.hpp"}},
                                {"preflearn/loss/files/read.hpp", {"preflearn/loss/dpo.hpp", "preflearn/text/bpe.hpp"}},
                                {"preflearn/loss/parts/link.hpp", {"preflearn/core/error.hpp"}},
                                {"preflearn/loss/pairs/walk.hpp", {"preflearn/loss/parts/link.hpp"}}};

    [[nodiscard]] std::string faults() const { return joined(floor_plan(table, headers).faults()); }

    void include(const std::string& in, const std::string& what) {
        std::ranges::find(headers, "preflearn/" + in, &header::path)->includes.push_back(what);
    }
    room& row(const std::string& name) { return *std::ranges::find(table, name, &room::name); }
};

} // namespace

TEST_CASE("README's table of rooms is what the headers include") {
    std::ifstream readme(tests.parent_path() / "README.md");
    const std::vector<room> table = read_table(readme);
    REQUIRE(table.size() > 5);
    const std::vector<header> headers = read_headers(include);
    REQUIRE(headers.size() > 50);
    const std::string faults = joined(floor_plan(table, headers).faults());
    CHECK_MESSAGE(faults.empty(), "README's table of rooms and the headers disagree:\n" << faults);
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
        house.include("core/error.hpp", "preflearn/text/bpe.hpp");
        CHECK_MESSAGE(house.faults().starts_with("preflearn/core/error.hpp includes preflearn/text/bpe.hpp, but core "
                                                 "may not include text\nthe headers of core include `text`\n"),
                      house.faults());
    }
    SUBCASE("an arrow between sub-rooms the wrong way") {
        house.include("loss/parts/link.hpp", "preflearn/loss/pairs/other.hpp");
        CHECK(house.faults() == "preflearn/loss/parts/link.hpp includes preflearn/loss/pairs/other.hpp, but loss/parts "
                                "may not include loss/pairs\nthe headers of loss/parts include `core`, `loss/pairs`\n");
    }
    SUBCASE("an arrow from another room to one sub-room") {
        house.include("text/bpe.hpp", "preflearn/loss/pairs/walk.hpp");
        house.row("loss/files").may_include = {"loss"};
        house.headers[7].includes = {"preflearn/loss/dpo.hpp"};
        house.row("text").may_include.push_back("loss/pairs");
        CHECK(house.faults() == "");
        house.include("text/bpe.hpp", "preflearn/loss/parts/link.hpp");
        CHECK(house.faults().starts_with("preflearn/text/bpe.hpp includes preflearn/loss/parts/link.hpp, but text may "
                                         "not include loss/parts\n"));
    }
    SUBCASE("a cycle") {
        house.row("core").may_include = {"text"};
        CHECK(house.faults() == "room core reaches itself along the arrows of the table\n");
    }
    SUBCASE("a cycle through a sub-room") {
        house.row("loss/parts").may_include = {"loss"};
        CHECK(house.faults() == "room loss reaches itself along the arrows of the table\n");
    }
    SUBCASE("a cycle through a sub-room of another room") {
        house.row("text").may_include.push_back("loss");
        CHECK(house.faults() == "room text reaches itself along the arrows of the table\n");
    }
    SUBCASE("headers that include each other") {
        house.include("loss/parts/link.hpp", "preflearn/loss/parts/other.hpp");
        house.headers.push_back({"preflearn/loss/parts/other.hpp", {"preflearn/loss/parts/link.hpp"}});
        CHECK(house.faults() == "preflearn/loss/parts/other.hpp includes preflearn/loss/parts/link.hpp, which includes "
                                "it\n");
    }
    SUBCASE("a room missing from the table") {
        house.headers.push_back({"preflearn/teacher/rule.hpp", {"cmath"}});
        CHECK(house.faults() == "room teacher is missing from the table\n");
    }
    SUBCASE("a sub-room missing from the table") {
        house.headers.push_back({"preflearn/loss/single/kto.hpp", {"cmath"}});
        CHECK(house.faults() == "room loss/single is missing from the table\n");
    }
    SUBCASE("a room without rows for its sub-rooms is one floor") {
        house.headers.push_back({"preflearn/text/chat/role.hpp", {"preflearn/text/bpe.hpp"}});
        CHECK(house.faults() == "");
    }
    SUBCASE("a row without a room") {
        house.table.push_back({"teacher", {"core"}, "core"});
        CHECK(house.faults() == "room teacher of the table has no headers\n");
    }
    SUBCASE("a row that names a room which is none") {
        house.row("text").may_include.push_back("teacher");
        CHECK(house.faults() == "room text may include teacher, which is not in the table\n");
    }
    SUBCASE("a package of the component files in a room of the component core") {
        house.row("text").component = "core";
        CHECK(house.faults() == "room text of the component core reaches utf8proc.h through preflearn/text/bpe.hpp\n");
    }
    SUBCASE("a package of the component files in a sub-room of the component core") {
        house.row("loss/files").component = "core";
        CHECK(house.faults() ==
              "room loss/files of the component core reaches utf8proc.h through preflearn/text/bpe.hpp\n");
    }
    SUBCASE("a package of the component onednn in a room of another one") {
        house.include("text/bpe.hpp", "oneapi/dnnl/dnnl.hpp");
        CHECK(house.faults() ==
              "room text of the component files reaches oneapi/dnnl/dnnl.hpp through preflearn/text/bpe.hpp\n"
              "room loss/files of the component files reaches oneapi/dnnl/dnnl.hpp through preflearn/text/bpe.hpp\n");
    }
    SUBCASE("a package of the component cuda in a room of another one") {
        house.include("text/bpe.hpp", "cuda_runtime_api.h");
        house.row("text").component = "onednn";
        CHECK(house.faults() ==
              "room text of the component onednn reaches cuda_runtime_api.h through preflearn/text/bpe.hpp\n"
              "room loss/files of the component files reaches cuda_runtime_api.h through preflearn/text/bpe.hpp\n");
        house.row("text").component = "cuda";
        house.row("loss/files").component = "cuda";
        CHECK(house.faults().empty());
    }
    SUBCASE("a package that no component has") {
        house.include("core/error.hpp", "boost/any.hpp");
        CHECK(house.faults() == "preflearn/core/error.hpp includes boost/any.hpp of a package that no component has\n");
    }
}

TEST_CASE("an umbrella header reaches every header of its folder through that folder, and preflearn.hpp every room") {
    const std::vector<header> headers = read_headers(include);
    const std::set<std::string> folders = folders_of(headers);
    const auto of_a_target = [](const std::string& path, const std::string& folder) { // which must be linked
        const std::string within = path.substr(("preflearn/" + folder).size());
        return within.find("/onednn") != within.npos || within.find("/cuda") != within.npos;
    };
    std::set<std::string> seen;
    const std::function<void(const std::string&, const std::string&)> walk = [&](const std::string& path,
                                                                                 const std::string& folder) {
        const auto found = std::ranges::find(headers, path, &header::path);
        if (found == headers.end() || !seen.insert(path).second) return;
        for (const std::string& next : found->includes)
            if (next.starts_with("preflearn/" + folder)) walk(next, folder);
    };
    for (const std::string& folder : folders) {
        seen.clear();
        walk("preflearn/" + folder + ".hpp", folder + '/');
        for (const header& h : headers)
            if (h.path.starts_with("preflearn/" + folder + '/') && !of_a_target(h.path, folder))
                CHECK_MESSAGE(seen.contains(h.path), "preflearn/" << folder << ".hpp does not reach " << h.path);
    }
    const header& all = *std::ranges::find(headers, "preflearn.hpp", &header::path);
    for (const std::string& folder : folders)
        if (folder == room_of(folder) && folder != "compiled" && folder != "programs") // a target to link; few want it
            CHECK_MESSAGE(std::ranges::find(all.includes, "preflearn/" + folder + ".hpp") != all.includes.end(),
                          "preflearn.hpp does not include preflearn/" << folder << ".hpp");
}

TEST_CASE("a header says what it is, is included once, and is short") {
    for (const header& h : read_headers(include)) {
        const std::vector<std::string> lines = lines_of(include / h.path);
        CAPTURE(h.path);
        REQUIRE(lines.size() > 4);
        CHECK(lines.size() < 500);
        CHECK(lines[0] == "/// \\file");
        const auto licence = std::ranges::find(lines, "// SPDX-License-Identifier: MIT");
        CHECK(licence - lines.begin() < 20);
        CHECK(std::ranges::find(lines, "#pragma once") == licence + 1);
    }
}

TEST_CASE("tests and benchmarks are found by the name of what they test") {
    const std::vector<header> headers = read_headers(include);
    const std::set<std::string> folders = folders_of(headers);
    for (const header& h : headers) {
        const std::string below = h.path.substr(h.path.find('/') + 1, h.path.rfind('.') - h.path.find('/') - 1);
        if (h.path == "preflearn.hpp" || folders.contains(below)) continue;      // umbrella headers
        if (const std::string cuda = "backend/cuda/"; below.starts_with(cuda)) { // on the emulator, or with a toolkit
            const std::string file = below.substr(cuda.size()) + ".cpp";
            const bool declares = file == "operations.cpp"; // what the kernels' tests call
            CHECK_MESSAGE((declares || exists(tests / "cuda" / file) || exists(tests / "cuda/device" / file)),
                          "tests/cuda/" << file << " is missing");
            continue;
        }
        CHECK_MESSAGE(exists(tests / (below + ".cpp")), "tests/" << below << ".cpp is missing");
    }
    const std::set<std::string> others{"tests/house", "tests/real_model",   "tests/field", "tests/fuzz",
                                       "tests/cuda",  "bench/compile_time", "bench/cuda"};
    for (const std::string mirror : {"tests", "bench"}) {
        const std::filesystem::path top = tests.parent_path() / mirror;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(top)) {
            const std::string name = entry.path().parent_path().lexically_relative(top.parent_path()).generic_string();
            if (entry.path().extension() != ".cpp" ||
                std::ranges::any_of(others, [&](const std::string& other) { return name.starts_with(other); }))
                continue;
            const std::string folder = name.substr(std::min(mirror.size() + 1, name.size()));
            CHECK_MESSAGE((name == mirror || folders.contains(folder)), entry.path() << " mirrors no room");
        }
    }
}
