#include <doctest/doctest.h>

#include <vector>

#include <preflearn/pipeline/teacher_kinds/longer.hpp>

using namespace preflearn;

TEST_CASE("the longer teacher scores bytes, of any number of responses, and its margins are log-odds once calibrated") {
    opened_teacher longer_opened;
    const text_teacher teacher = load_longer_teacher(longer_opened, any_backend<float>{});
    const std::vector<shown_texts> block{{.id = 1, .prompt = "a long prompt", .responses = {"abc", ""}},
                                         {.id = 2, .prompt = "p", .responses = {"\u00e9", "ab"}},
                                         {.id = 3, .prompt = "p", .responses = {"a", "abcd", "ab"}}};
    const judged_block judged = teacher.judge(block);
    REQUIRE(judged.all.size() == 3);
    CHECK(judged.tokens == 0);
    CHECK(judged.all[0].margin() == 3);
    CHECK(judged.all[1].margin() == 0); // two bytes each
    CHECK(judged.all[2].scores == std::vector<double>{1, 4, 2});
    const shown_texts swapped{.id = 1, .prompt = "a long prompt", .responses = {"", "abc"}};
    CHECK(teacher.judge({&swapped, 1}).all[0].margin() == -3);
    CHECK_FALSE(teacher.gives_log_odds);
    longer_opened.description.calibrated = true;
    CHECK(load_longer_teacher(longer_opened, any_backend<float>{}).gives_log_odds);
}
