#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/programs/evaluating/training_overlap.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("prompts that a teacher learned from are told, also in another form, and files that it was made with") {
    const test::folder f;
    const auto responses =
        f.write("r.jsonl", "{\"prompt\": \"x\", \"response\": \"1\"}\n{\"prompt\": \"y\", \"response\": \"2\"}\n");
    const auto pairs =
        f.write("t.jsonl", R"({"chosen": "\n\nHuman: x\n\nAssistant: a", "rejected": "\n\nHuman: x\n\nAssistant: b"})");
    opened_teacher teacher{.name = "gold:1"};
    teacher.description.training["data"] = hash_text(hash_file(pairs).hash);
    const std::vector<opened_teacher> teachers{teacher};
    evaluate_options options{.responses = {{"s", responses}}, .training = {pairs}};
    const evaluated_students students = read_students(options.responses);
    const std::vector<std::string> told = told_overlaps(teachers, students, options);
    REQUIRE(told.size() == 1);
    CHECK(test::contains(told[0], "1 of the 2 evaluated prompts stand in"));
    CHECK(test::contains(told[0], "which gold:1 learned from"));
    options.responses[0] = {"human", pairs, response_pick::chosen};
    options.training.clear();
    const std::vector<std::string> whole = told_overlaps(teachers, read_students(options.responses), options);
    REQUIRE(whole.size() == 1);
    CHECK(test::contains(whole[0], "gold:1 learned from the prompts of " + pairs.string()));
    f.write("r.manifest.json", R"({"inputs": [{"hash": ")" + hash_text(hash_file(pairs).hash) + R"("}]})");
    options.responses[0] = {"s", responses};
    CHECK(test::contains(told_overlaps(teachers, students, options).at(0), "the prompts of " + responses.string()));
}
