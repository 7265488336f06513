#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/text/files/load.hpp>
#include <preflearn/text/files/same_ids.hpp>

#include "../../checkpoint/gguf_writer.hpp"
#include "../../files.hpp"
#include "../golden_gguf.hpp"

using namespace preflearn;

TEST_CASE("another way to cut texts is found, and a text on which it shows is named") {
    const test::folder folder;
    const auto load = [&](const std::string& content) { return load_tokenizer(folder.write("t.gguf", content)); };
    const tokenizer a = load(test::as_gguf("gpt2", "gpt-2", false).file());
    const id_comparison same = compare_ids(a, load(test::as_gguf("gpt2", "gpt-2", false).file()));
    CHECK(same.different == 0);
    CHECK(same.texts == hard_texts.size() + 2 * a.size());
    const tokenizer b = load(test::as_gguf("gpt2", "starcoder", false).file());
    const id_comparison other = compare_ids(a, b);
    CHECK(other.different > 0);
    CHECK(a.encode(other.first) != b.encode(other.first));
}

TEST_CASE("a token that only characters without tokens could make is found by its own text") {
    const auto made = [](const std::vector<std::string>& tokens) {
        const test::folder folder;
        test::gguf_writer file;
        file.text("tokenizer.ggml.model", "llama");
        file.texts("tokenizer.ggml.tokens", tokens);
        file.numbers<float>("tokenizer.ggml.scores", 6, std::vector<float>(tokens.size(), 0));
        return load_tokenizer(folder.write("t.gguf", file.file()));
    };
    const id_comparison found = compare_ids(made({"a", "zq"}), made({"a", "zz"}));
    CHECK(found.different > 0);
    CHECK(test::contains(found.first, "zq"));
}
