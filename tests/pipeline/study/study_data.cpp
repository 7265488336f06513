#include <doctest/doctest.h>

#include <preflearn/pipeline/study/study_data.hpp>

using namespace preflearn;

TEST_CASE("the counts of a file as JSON, with what there is to say about how it was read") {
    text_study_data data{.read = 3, .kept = 2, .prompts_taken_off = 1, .changed_prompts = 2};
    data.left_out.add({.name = {.id = "7", .number = 7, .line = 8}, .reason = left_out_reason::too_long});
    CHECK(to_json(data).dump() ==
          R"({"pairs":3,"kept":2,"left_out":{"too_long":{"count":1,"first_line":8}},"prompts_taken_off":1,)"
          R"("pairs_whose_prompt_changes":2})");
    data.chat_format = "chatml";
    data.notes = {"tokenizer: x"};
    CHECK(to_json(data)["chat_format"] == "chatml");
    CHECK(to_json(data)["notes"].size() == 1);
    CHECK(to_json(text_study_data())["left_out"].dump() == "{}");
}
