#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/text/files/gguf_vocabulary.hpp>

#include "../../files.hpp"
#include "../golden_gguf.hpp"

using namespace preflearn;

TEST_CASE("tokens by kind: control ones are special, user-defined ones are found as they stand, bytes are not merged") {
    const test::folder folder;
    const gguf_vocabulary read = read_gguf_vocabulary(read_gguf(folder.write("t.gguf", test::spaces_gguf().file())));
    CHECK(read.by_score);
    CHECK_FALSE(read.adds_space);
    CHECK(read.begin == 10);
    CHECK(read.adds_begin); // llama.cpp's default for this kind
    CHECK(read.unknown == 0);
    std::vector<token_id> special, plain;
    for (const added_token& token : read.added) (token.special ? special : plain).push_back(token.id);
    CHECK(special == std::vector<token_id>{0, 10});
    CHECK(plain == std::vector<token_id>{2, 3, 8});
    CHECK(read.mergeable[9]);
    CHECK_FALSE(read.mergeable[10]);
    CHECK_FALSE(read.mergeable[20]);
}

TEST_CASE("what only other programs need of the file is no reason to refuse it") {
    test::gguf_writer made = test::as_gguf("gpt2", "gpt-2", false);
    made.number("tokenizer.ggml.padding_token_id", 1'000'000);
    made.number("tokenizer.ggml.unknown_token_id", 1'000'000);
    const test::folder folder;
    const gguf_vocabulary read = read_gguf_vocabulary(read_gguf(folder.write("t.gguf", made.file())));
    CHECK_FALSE(read.padding.has_value());
    CHECK_FALSE(read.unknown.has_value());
    CHECK_FALSE(read.adds_begin);
    CHECK(read.pretokeniser->name() == "gpt-2");
    CHECK_FALSE(read.merges.empty());
}
