#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/pipeline/output/output_run.hpp>
#include <preflearn/report/run/write.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("what stands beside a file never stands in its place") {
    CHECK(beside("d/labels.jsonl", ".left-out.jsonl") == "d/labels.left-out.jsonl");
    CHECK(beside("d.jsonl/labels.txt", ".left-out.jsonl") == "d.jsonl/labels.txt.left-out.jsonl");
    CHECK(beside("labels", ".x") == "labels.x");
}

TEST_CASE("a run is its program, seed, settings and inputs' content, wherever they lie") {
    const test::folder f;
    const auto run = [&](const std::string& program, std::uint64_t seed, int size, const std::string& input) {
        return output_run_of({.program = program,
                              .seed = seed,
                              .settings = {{"size", size}},
                              .inputs = {hash_file(f.write("input." + program, input))}});
    };
    const output_run one = run("a", 1, 2, "x");
    CHECK(one.record.settings["key"] == one.key);
    CHECK(run("a", 1, 2, "x").key == one.key);
    CHECK(run("b", 1, 2, "x").key != one.key);
    CHECK(run("a", 0, 2, "x").key != one.key);
    CHECK(run("a", 1, 3, "x").key != one.key);
    CHECK(run("a", 1, 2, "y").key != one.key);
}

TEST_CASE("a file is made before by the run that its manifest names; any other file is left alone") {
    const test::folder f;
    const std::filesystem::path out = f / "out.jsonl";
    CHECK_FALSE(made_before(out, "key"));
    f.write("out.jsonl", "content");
    const auto refused = [&] {
        return test::contains(test::error_of([&] { made_before(out, "key"); }), "made in another way");
    };
    CHECK(refused());
    for (const char* const manifest : {"", "{}", R"({"settings": {}})", R"({"settings": {"key": "other"}})"}) {
        f.write("out.manifest.json", manifest);
        CHECK(refused());
    }
    f.write("out.manifest.json", R"({"settings": {"key": "key"}})");
    CHECK(made_before(out, "key"));
    CHECK(test::contains(test::error_of([&] { made_before(f / "none" / "out.jsonl", "key"); }), "none"));
}

TEST_CASE("what stands beside a file is own by the manifest of the same program, and refused without") {
    const test::folder f;
    const std::filesystem::path out = f / "out.jsonl";
    const auto refused = [&](const char* name) {
        return test::contains(test::error_of([&] { require_own_beside(out, "label", {".left-out.jsonl"}); }),
                              (f / name).string() + ": is there already");
    };
    require_own_beside(out, "label", {".left-out.jsonl"});
    f.write("out.left-out.jsonl", "a list of my own");
    CHECK(refused("out.left-out.jsonl"));
    for (const char* const manifest : {"my manifest", "{}", R"({"program": "align"})"}) {
        f.write("out.manifest.json", manifest);
        CHECK(refused("out.manifest.json"));
    }
    f.write("out.manifest.json", R"({"program": "label"})");
    require_own_beside(out, "label", {".left-out.jsonl"});
}
