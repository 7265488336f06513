#include <doctest/doctest.h>

#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/pipeline/student_folder/generation_config.hpp>
#include <preflearn/text/files/load.hpp>

#include "../../files.hpp"
#include "../tiny_models.hpp"
#include "tiny_gguf.hpp"

using namespace preflearn;

TEST_CASE("a student stops where its model, its tokenizer and its conversations end") {
    const test::folder folder;
    const auto source = test::write_tiny_gguf(folder / "m.gguf");
    const tokenizer words = load_tokenizer(source);
    CHECK(ids_of_student({.model = source}, words, {7}, 300).ends == std::vector<token_id>{7, 4, 11});
    CHECK(ids_of_student({.model = source}, words, {11, 4}, 300).ends == std::vector<token_id>{11, 4});
    // a format whose mark is no token of this tokenizer adds nothing
    CHECK(ids_of_student({.model = source, .chat_format = "gemma"}, words, {}, 300).ends == std::vector<token_id>{4});
    CHECK(ids_of_student({.model = source, .chat_format = "chatml"}, words, {}, 8).ends == std::vector<token_id>{4});
    CHECK(ids_of_student({.model = source}, words, {}, 300).begin == 10);
    CHECK_FALSE(ids_of_student({.model = source}, words, {}, 300).padding.has_value());
}

TEST_CASE("a folder's generation settings stay, with the student's ids; ids from the part about text count") {
    const test::folder folder;
    test::write_tiny_model(folder / "m");
    folder.write("m/config.json", R"({"text_config": {"bos_token_id": 2}, "pad_token_id": -1})");
    folder.write("m/generation_config.json", R"({"top_k": 64, "eos_token_id": 4, "pad_token_id": 0})");
    const student_origin origin{.model = folder / "m"};
    const special_ids ids = ids_of_student(origin, load_tokenizer(folder / "m"), {4, 3}, 5);
    CHECK(ids.begin == 2);
    CHECK(ids.padding == 0);
    CHECK(generation_config(origin, ids).dump() ==
          R"({"eos_token_id":[4,3],"pad_token_id":0,"top_k":64,"bos_token_id":2})");
    nlohmann::ordered_json config{{"x", 1}};
    set_special_ids(config, {.ends = {3}});
    CHECK(config.dump() == R"({"x":1,"bos_token_id":null,"pad_token_id":null,"eos_token_id":3})");
}
