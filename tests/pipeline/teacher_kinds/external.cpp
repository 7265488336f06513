#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/pipeline/teacher_kinds/external.hpp>

#include "../../files.hpp"
#include "../tiny_models.hpp"

using namespace preflearn;

namespace {

const std::vector<shown_texts> external_block{{.id = 7, .prompt = "p \"q\"\n", .responses = {"long answer", "short"}},
                                              {.id = 8, .prompt = "p", .responses = {"a", "b"}}};

/// What a program that ignores the questions and writes these lines says of the block.
judged_block external_says(const std::string& lines, const std::vector<shown_texts>& block = external_block) {
    test::folder folder;
    folder.write("answers", lines);
    const opened_teacher opened{.folder = folder.path(),
                                .external = external_command{.words = {"cat", (folder / "answers").string()}}};
    return load_external_teacher(opened, test::on_processor()).judge(block);
}

std::string external_fault(const std::string& lines, const std::vector<shown_texts>& block = external_block) {
    return test::error_of([&] { (void)external_says(lines, block); });
}

} // namespace

TEST_CASE("a program is asked by JSON lines and answers in any order, in any of the forms") {
    const judged_block said = external_says("{\"id\": \"8\", \"preferred\": \"second\"}\n\n"
                                            "{\"id\": 7, \"scores\": [0.5, -1]}");
    CHECK(said.all[0].scores == std::vector<double>{0.5, -1});
    CHECK(said.all[1].verdict == preference::for_second());
    const auto one = [](const std::string& verdict) {
        return external_says("{\"id\": 1, " + verdict + "}\n", {{.id = 1, .responses = {"a", "b"}}}).all[0];
    };
    CHECK(one(R"("probability": 0.8)").verdict->first() == 0.8);
    CHECK(one(R"("label": 0.8, "margin": 3)").margin() == 3);
    CHECK(one(R"("preferred": 1)").verdict == preference::for_second());
    CHECK(one(R"("preferred": "tie")").verdict == preference::tied());
    CHECK(one(R"("preferred": "abstain")").verdict->abstained());
    // awk prefers the first of the two where the line says "long": what it is given is what it is asked
    const opened_teacher opened{
        .external = external_command{
            .words = {"awk", "{ match($0, /[0-9]+/); print \"{\\\"id\\\":\" substr($0, RSTART, RLENGTH) \","
                             "\\\"preferred\\\":\" (/\"long answer\",\"short\"\\]/ ? 0 : 1) \"}\" }"}}};
    const judged_block awk = load_external_teacher(opened, test::on_processor()).judge(external_block);
    CHECK(awk.all[0].verdict == preference::for_first());
    CHECK(awk.all[1].verdict == preference::for_second());
}

TEST_CASE("missing, double and unknown ids are errors that name them, and so is what is no verdict") {
    const std::string both = "{\"id\": 7, \"preferred\": 0}\n{\"id\": 8, \"preferred\": 0}\n";
    CHECK(test::contains(external_fault("{\"id\": 7, \"preferred\": 0}\n"), "did not answer for pair 8 of 2"));
    CHECK(test::contains(external_fault(both + "{\"id\": 7, \"preferred\": 0}\n"),
                         "line 3: pair 7 for a second time, after line 1"));
    CHECK(test::contains(external_fault(both + "{\"id\": 9, \"preferred\": 0}\n"),
                         "pair 9, about which it was not asked"));
    CHECK(test::contains(external_fault("{\"id\": 7}\n"), "pair 7: found"));
    CHECK(test::contains(external_fault("{\"id\": 7, \"scores\": [1, 2, 3]}\n"),
                         "found 3 numbers, expected one for each of 2"));
    CHECK(test::contains(external_fault("{\"id\": 7, \"preferred\": \"A\"}\n"), "pair 7: field 'preferred'"));
    CHECK(test::contains(external_fault("I think\n"), "answered on line 1"));
    CHECK(test::contains(external_fault("{\"id\": 1, \"preferred\": 0}\n", {{.id = 1, .responses = {"a", "b", "c"}}}),
                         "expected 'scores'"));
}

TEST_CASE("it never runs from a folder, and its failure and its time limit are told") {
    opened_teacher opened{.folder = "T"};
    opened.description.settings = {{"program", "touch"}, {"command", "x"}};
    CHECK(test::contains(test::error_of([&] { (void)load_external_teacher(opened, test::on_processor()); }),
                         "never run from a folder: give it by --external"));
    const auto fault = [&](external_command command) {
        opened.external = std::move(command);
        const text_teacher teacher = load_external_teacher(opened, test::on_processor());
        CHECK(test::contains(teacher.notes.at(0), "another external command"));
        return test::error_of([&] { (void)teacher.judge(external_block); });
    };
    CHECK(test::contains(fault({.words = {"false"}}), "ended with 1, after 0 of 2 answers"));
    CHECK(test::contains(fault({.words = {"sleep", "30"}, .seconds = 0.125}),
                         "took longer than 0.125 seconds over 2 records"));
}

TEST_CASE("what it answered before it failed is told apart: up to the first record that is missing") {
    const test::folder folder;
    const auto judged_by = [&](const std::string& script, double seconds = 600) {
        folder.write("judge.sh", script);
        const opened_teacher opened{
            .external = external_command{.words = {"sh", (folder / "judge.sh").string()}, .seconds = seconds}};
        std::vector<shown_texts> block = external_block;
        block.push_back({.id = 9, .prompt = "p", .responses = {"c", "d"}});
        try {
            (void)load_external_teacher(opened, test::on_processor()).judge(block);
        } catch (const judged_in_part& failure) {
            return std::pair(std::string(failure.what()), failure.judged);
        }
        return std::pair(std::string(), std::vector<judgement>());
    };
    const std::string seven = "echo '{\"id\": 7, \"preferred\": 0}'\n", nine = "echo '{\"id\": 9, \"preferred\": 1}'\n";
    const auto died = judged_by(seven + nine + "kill -9 $$\n");
    CHECK(test::contains(died.first, "was ended by signal 9, after 2 of 3 answers"));
    REQUIRE(died.second.size() == 1);
    CHECK(died.second[0].verdict == preference::for_first());
    CHECK(test::contains(judged_by("printf '{\"id\": 7, \"pref'; exit 3\n").first, "ended with 3, after 0 of 3"));
    const auto hangs = judged_by(seven + "sleep 30\n", 0.25);
    CHECK(test::contains(hangs.first, "took longer than 0.25 seconds over 3 records, and was ended; it had answered"));
    CHECK(hangs.second.size() <= 1); // as far as a slow machine lets it come
    const auto silent = judged_by(seven);
    CHECK(test::contains(silent.first, "did not answer for pair 8 and 1 more of 3"));
    CHECK(silent.second.size() == 1);
    CHECK(test::contains(test::error_of([&] { judged_by(seven + seven); }), "pair 7 for a second time"));
}
