#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/pipeline/student_folder/save_student.hpp>
#include <preflearn/pipeline/student_folder/student_gguf.hpp>
#include <preflearn/policy/files/load.hpp>

#include "../../files.hpp"
#include "../tiny_models.hpp"
#include "tiny_gguf.hpp"

using namespace preflearn;

TEST_CASE("a folder's student as a GGUF file: numbers, tokens, template, ends and licence are the folder's") {
    const test::folder folder;
    const auto source = test::write_tiny_gguf(folder / "base.gguf");
    const auto model = load_any_transformer(test::on_processor(), source);
    save_student(model, {.model = source}, folder / "S", {});
    const student_origin origin{.model = folder / "S"};
    check_student(origin, folder / "again.gguf");
    CHECK_FALSE(std::filesystem::exists(folder / "again.gguf"));
    save_student(load_any_transformer(test::on_processor(), folder / "S"), origin, folder / "again.gguf",
                 {.method = "dpo"});
    const auto again = load_any_transformer(test::on_processor(), folder / "again.gguf");
    const std::vector<token_id> prompt{10, 3, 5}, response{6, 8};
    CHECK(again.log_prob(prompt, response) == model.log_prob(prompt, response));
    CHECK(compare_ids(load_tokenizer(source), load_tokenizer(folder / "again.gguf")).different == 0);
    CHECK(find_chat_template(folder / "again.gguf")->source == find_chat_template(source)->source);
    const nlohmann::json metadata = read_gguf(folder / "again.gguf").metadata();
    CHECK(metadata["general.license"] == "gemma");
    CHECK(metadata["general.base_model.0.name"] == "S");
    CHECK(metadata["general.name"] == "again");
    CHECK(metadata["general.finetune"] == "dpo");
    CHECK(again.config().end_tokens == std::vector<token_id>{4, 11});
}

TEST_CASE("a folder's tokenizer that GGUF cannot express is refused before anything is learned") {
    const test::folder folder;
    test::write_tiny_model(folder / "m");
    CHECK(
        test::contains(test::error_of([&] { check_student({.model = folder / "m"}, folder / "S.gguf"); }), "only BPE"));
    CHECK_FALSE(std::filesystem::exists(folder / "S.gguf"));
}
