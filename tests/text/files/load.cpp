#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include <preflearn/text/files/load.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("a folder is read with its configuration, and so is the file in it") {
    const test::folder folder;
    std::filesystem::copy_file(PREFLEARN_TESTS "/text/golden/gpt2.json", folder / "tokenizer.json");
    CHECK(!load_tokenizer(folder.path()).end_token());
    folder.write("tokenizer_config.json", R"({"add_bos_token": true, "bos_token": "<s>", "eos_token": "</s>"})");
    for (const auto& path : {folder.path(), folder / "tokenizer.json"}) {
        const tokenizer tokens = load_tokenizer(path);
        CHECK(tokens.begin_token() == tokens.find("<s>"));
        CHECK(tokens.end_token() == tokens.find("</s>"));
        CHECK(tokens.begin_token().has_value());
    }
}

TEST_CASE("a path that holds no tokenizer is refused with its name") {
    const test::folder folder;
    const auto error = [](const std::filesystem::path& path) {
        return test::error_of([&] { (void)load_tokenizer(path); });
    };
    CHECK(test::contains(error(folder.path()), "tokenizer.json was expected in this folder"));
    CHECK(test::contains(error(folder / "missing.gguf"), "missing.gguf: cannot be opened"));
    CHECK(test::contains(error(folder.write("text", "hello")), "is not valid JSON"));
    CHECK(test::contains(error(folder.write("cut.gguf", "GGUF\x03")), "at byte 4: the version needs 4 bytes"));
    std::filesystem::copy_file(PREFLEARN_TESTS "/text/golden/gpt2.json", folder / "tokenizer.json");
    folder.write("tokenizer_config.json", "{");
    CHECK(test::contains(error(folder.path()), "tokenizer_config.json: is not valid JSON"));
}
