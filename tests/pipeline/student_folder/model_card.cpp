#include <doctest/doctest.h>

#include <string>

#include <preflearn/core/system/version.hpp>
#include <preflearn/pipeline/student_folder/model_card.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("a card says what the student comes from, by which method, from which data, and its licence") {
    const origin_facts facts{.is_gguf = true,
                             .name = "house/tiny",
                             .is_repository = true,
                             .license = "gemma",
                             .front = {"license: \"gemma\""},
                             .said = {{"author", "a|b\nc"}},
                             .licences = {"/there/NOTICE"}};
    const std::string card = model_card({.name = "S",
                                         .method = "robust_dpo",
                                         .data = {{.path = "/secret/l.jsonl", .bytes = 7, .hash = 1}},
                                         .teacher = "T:1a2b",
                                         .settings = {{"beta", 0.1}, {"batch", 8}},
                                         .results = {{"accuracy", 0.5}},
                                         .command_line = "align --out S",
                                         .text = "More."},
                                        facts, {}, "fnv1a64:0f");
    for (const std::string said :
         {"---\nbase_model: \"house/tiny\"\nbase_model_relation: finetune\nlibrary_name: transformers\n",
          "\nlicense: \"gemma\"\n", "tags:\n- preflearn\n- \"robust_dpo\"\n---\n", "# S\n",
          "[house/tiny](https://huggingface.co/house/tiny) (a GGUF file, fnv1a64:0f) by robust_dpo with preflearn ",
          "the teacher T:1a2b", "`l.jsonl`, 7 bytes, fnv1a64:0000000000000001", "licence `gemma`",
          "lay beside it and are here: `NOTICE`", "| author | a\\|b  c |", "| beta | 0.1 |\n| batch | 8 |",
          "## Results", "```sh\nalign --out S\n```", "\nMore.\n"})
        CHECK_MESSAGE(test::contains(card, said), said);
    CHECK(test::contains(card, library_version));
    CHECK_FALSE(test::contains(card, "secret"));
    const std::string adapter = model_card({.name = "A"}, facts, {.keep_adapter = true}, "");
    CHECK(test::contains(adapter, "base_model_relation: adapter\nlibrary_name: peft\n"));
    CHECK(test::contains(adapter, "An adapter (LoRA) for [house/tiny]"));
}
