#include <doctest/doctest.h>

#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/programs/rounds/round_files.hpp>

#include "../../pipeline/tiny_models.hpp"

using namespace preflearn;

TEST_CASE("replayed pairs are their share of all, whatever ids they have, and the same for the same seed") {
    const test::folder f;
    const auto labels = f.write("labels.jsonl", test::tiny_pairs(6)), old = f.write("old.jsonl", test::tiny_pairs(20));
    CHECK(write_replay(labels, old, 0.25, 1, f / "mixed.jsonl") == 2);
    std::set<std::string> ids;
    std::size_t replayed_ids = 0;
    for (const nlohmann::json& line : test::json_lines(f / "mixed.jsonl")) {
        ids.insert(line["id"].get<std::string>());
        replayed_ids += line["id"].get<std::string>().starts_with("replay:p");
    }
    CHECK(ids.size() == 8);
    CHECK(replayed_ids == 2);
    write_replay(labels, old, 0.25, 1, f / "again.jsonl");
    CHECK(test::read(f / "again.jsonl") == test::read(f / "mixed.jsonl"));
    write_replay(labels, old, 0.25, 2, f / "again.jsonl");
    CHECK(test::read(f / "again.jsonl") != test::read(f / "mixed.jsonl"));
    CHECK(write_replay(labels, f.write("few.json", R"([{"prompt": "p", "chosen": "a", "rejected": "b"}])"), 0.9, 1,
                       f / "few.jsonl") == 1);
    CHECK(test::contains(test::error_of([&] { write_replay(labels, f.write("none", ""), 0.5, 1, f / "x.jsonl"); }),
                         "holds no pairs to replay"));
}

TEST_CASE("a student's implicit reward is a teacher's folder, which refuses another student") {
    const test::folder f;
    test::write_tiny_model(f / "student", true, 5);
    test::write_tiny_model(f / "before", true, 6);
    write_implicit_reward(f / "student", f / "before", {.beta = 0.25}, f / "reward");
    const std::string first = test::read(f / "reward/teacher.json");
    const opened_teacher opened = open_teacher(f / "reward");
    CHECK(opened.description.kind == "implicit");
    CHECK(opened.description.beta == 0.25);
    CHECK(opened.description.end_token);
    CHECK(std::filesystem::equivalent(opened.reference, f / "before"));
    write_implicit_reward(f / "student", f / "before", {.beta = 0.25}, f / "reward");
    CHECK(test::read(f / "reward/teacher.json") == first);
    test::write_tiny_model(f / "student", true, 7);
    CHECK_THROWS_AS(open_teacher(f / "reward"), input_error);
}

TEST_CASE("every round has prompts of its own, under the ids that they have in the whole file") {
    const test::folder f;
    const auto data = f.write("p.jsonl", R"({"prompt": "a"})"
                                         "\n\n"
                                         R"({"prompt": "b", "id": "x"})"
                                         "\n"
                                         R"({"prompt": "c"})"
                                         "\n");
    CHECK(write_own_prompts(data, 1, 2, "id", f / "1.jsonl") == 2);
    CHECK(write_own_prompts(data, 2, 2, "id", f / "2.jsonl") == 1);
    CHECK(test::json_lines(f / "1.jsonl")[1] == nlohmann::json{{"prompt", "c"}, {"id", 3}});
    CHECK(test::json_lines(f / "2.jsonl")[0]["id"] == "x");
}
