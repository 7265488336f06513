#include <doctest/doctest.h>

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/pipeline/teacher_kinds/kinds.hpp>
#include <preflearn/report/run/write.hpp>

#include "../../files.hpp"
#include "../tiny_models.hpp"

using namespace preflearn;

TEST_CASE("kinds are known by name, each once, and what a kind needs is asked for") {
    const auto fault = [](std::string_view kind) {
        return test::error_of(
            [&] { load_teacher({.folder = "t", .description = {.kind = std::string(kind)}}, test::on_processor()); });
    };
    std::set<std::string_view> names;
    for (const teacher_kind& kind : teacher_kinds) {
        CHECK(names.insert(kind.name).second);
        CHECK_FALSE(kind.about.empty());
        CHECK_FALSE(test::contains(fault(kind.name), "is not known here"));
        CHECK(test::contains(fault("Longer"), kind.name));
    }
    CHECK(fault("longer").empty());
    CHECK(test::contains(fault("recorded"), "has 'records'"));
    CHECK(test::contains(fault("ensemble"), "an ensemble has members"));
    for (const char* const odd : {"Longer", "", "long", "longer "})
        CHECK(test::contains(fault(odd), "is not known here, which knows " + teacher_kind_names()));
}

TEST_CASE("an ensemble's members may be of any kind, and an unknown one is named by its own folder") {
    const test::folder f;
    teacher_description both{.kind = "ensemble"};
    const auto add = [&](const std::string& name, const std::string& kind, double temperature) {
        std::filesystem::create_directory(f / name);
        teacher_description told{.kind = kind, .temperature = temperature};
        if (kind == "recorded") {
            f.write(name + "/r.jsonl", R"({"id": 1, "margin": 6})");
            told.records = "r.jsonl";
            told.records_hash = part_hash(f / name, "r.jsonl");
        }
        write_json(to_json(told), f / name / "teacher.json");
        both.members.push_back({name, part_hash(f.path(), name)});
    };
    const auto load = [&] {
        write_json(to_json(both), f / "teacher.json");
        return load_teacher(open_teacher(f.path()), test::on_processor());
    };
    add("length", "longer", 2);
    add("records", "recorded", 3);
    const std::vector<shown_texts> block{
        {.id = 1, .prompt = "p", .responses = {"x", "yyyyy"}, .places = {1, 0}}}; // −4 / 2 and −6 / 3
    CHECK(load().judge(block).all[0].margin().value() == doctest::Approx(-2));
    CHECK_FALSE(load().gives_log_odds); // a length is none
    add("odd", "odd", 1);
    CHECK(test::contains(test::error_of(load), "odd/teacher.json: the kind 'odd' is not known here"));
}
