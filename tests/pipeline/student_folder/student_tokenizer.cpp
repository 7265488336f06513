#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/pipeline/student_folder/student_tokenizer.hpp>

#include "../../files.hpp"
#include "tiny_gguf.hpp"

using namespace preflearn;

TEST_CASE("a folder's tokenizer files are copied as they are, links followed; another pre-tokeniser is written in") {
    const test::folder folder;
    std::filesystem::create_directories(folder / "blobs");
    std::filesystem::create_directories(folder / "m");
    std::filesystem::create_directories(folder / "out");
    folder.write("blobs/1", R"({"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"pre_tokenizer":null,"b":1})");
    std::filesystem::create_symlink(folder / "blobs/1", folder / "m/tokenizer.json");
    folder.write("m/special_tokens_map.json", "{}");
    write_student_tokenizer({.model = folder / "m"}, folder / "out", 64);
    CHECK(test::read(folder / "out/tokenizer.json") == test::read(folder / "blobs/1"));
    CHECK_FALSE(std::filesystem::is_symlink(folder / "out/tokenizer.json"));
    CHECK(test::read(folder / "out/special_tokens_map.json") == "{}");
    std::filesystem::create_directories(folder / "cut");
    write_student_tokenizer({.model = folder / "m", .tokenizer = {.pretokenizer = "qwen2"}}, folder / "cut", 64);
    const auto json = nlohmann::ordered_json::parse(test::read(folder / "cut/tokenizer.json"));
    CHECK(json["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] == patterns::qwen2);
    CHECK(json["b"] == 1);
    CHECK(test::contains(test::error_of([&] { write_student_tokenizer({.model = folder / "m"}, folder / "cut", 64); }),
                         "cannot be copied"));
}

TEST_CASE("a GGUF file's tokenizer is written with its template and the model's length") {
    const test::folder folder;
    const auto source = test::write_tiny_gguf(folder / "m.gguf");
    write_student_tokenizer({.model = source}, folder.path(), 64);
    const auto config = nlohmann::json::parse(test::read(folder / "tokenizer_config.json"));
    CHECK(config["model_max_length"] == 64);
    CHECK(config["bos_token"] == "<bos>");
    CHECK(config["add_bos_token"] == true);
    CHECK(test::contains(config["chat_template"].get<std::string>(), "<|im_start|>"));
}
