#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <preflearn/pipeline/teacher_kinds/judge_description.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("a judge is read as it was written, and what does not fit is refused by name") {
    teacher_description teacher{.files = {{"t.txt", "hash"}}};
    const judge_description judge{.path = "t.txt",
                                  .reason_tokens = 40,
                                  .temperature = 0.5,
                                  .seed = 7,
                                  .chat_format = "auto",
                                  .chat_layout = "gemma"};
    teacher.settings = to_json(judge);
    const judge_description read = read_judge(teacher, "teacher.json");
    CHECK(read.path == "t.txt");
    CHECK(read.reason_tokens == 40);
    CHECK(read.temperature == 0.5);
    CHECK(read.seed == 7);
    CHECK(read.chat_format == "auto");
    CHECK(read.chat_layout == "gemma");
    CHECK_FALSE(to_json(judge_description{}).contains("seed")); // where no reason is drawn
    const auto fault = [&](const char* name, const nlohmann::ordered_json& value) {
        teacher.settings = to_json(judge);
        teacher.settings[name] = value;
        return test::error_of([&] { (void)read_judge(teacher, "teacher.json"); });
    };
    CHECK(test::contains(fault("reason_tokens", -1), "'reason_tokens' is -1"));
    CHECK(test::contains(fault("seed", "x"), "'seed' is \"x\""));
    CHECK(test::contains(fault("template", "other.txt"), "is none of the teacher's files"));
}
