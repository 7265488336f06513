#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <vector>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/checkpoint/gguf_keys.hpp>
#include <preflearn/checkpoint/safetensors.hpp>

#include "../files.hpp"
#include "gguf_writer.hpp"

using namespace preflearn;

TEST_CASE("metadata keep their order, their types and their bytes, and one that is set keeps its place") {
    const test::folder folder;
    test::gguf_writer file;
    file.text("general.architecture", "llama");
    file.key("a.byte", 0, test::bytes(std::uint8_t{7}));
    file.number("a.number", 7);
    file.key("a.half", 6, test::bytes(0.5F));
    std::vector<gguf_key> keys = gguf_keys(read_gguf(folder.write("a.gguf", file.file())));
    REQUIRE(keys.size() == 4);
    CHECK(keys[1].name == "a.byte");
    CHECK(keys[1].type == 0);
    CHECK(keys[1].value == test::bytes(std::uint8_t{7})); // JSON would not know it from the number beside it
    CHECK(keys[2].value == gguf_number("a.number", 7).value);
    CHECK(keys[3].value == test::bytes(0.5F));

    set_gguf_key(keys, gguf_text("a.number", "seven"));
    set_gguf_key(keys, gguf_number("a.new", 1));
    REQUIRE(keys.size() == 5);
    CHECK(keys[2].type == 8);
    CHECK(keys[2].value == test::gguf_text("seven"));
    CHECK(keys[4].name == "a.new");
}

TEST_CASE("a folder of another format has no such keys") {
    const auto error = test::error_of(
        [] { (void)gguf_keys(read_safetensors(std::filesystem::path(PREFLEARN_TESTS) / "policy/golden/gpt2")); });
    CHECK(!error.empty());
}
