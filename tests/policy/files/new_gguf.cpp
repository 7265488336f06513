#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/policy/files/load.hpp>
#include <preflearn/policy/files/new_gguf.hpp>

#include "../../files.hpp"
#include "../golden.hpp"

using namespace preflearn;

// The golden GGUF files are written by llama.cpp's own Python package with the keys of its converter.
TEST_CASE(
    "a folder's model written as a GGUF file is llama.cpp's file of it: tensors byte by byte, the same settings") {
    const test::folder folder;
    for (const char* const name :
         {"llama", "llama_llama3", "llama_linear", "llama_yarn", "llama_biases", "qwen2", "qwen3", "smollm3", "gemma",
          "gemma2", "gemma3", "gpt2", "gpt_neox", "gpt_neox_serial"}) {
        CAPTURE(name);
        const std::filesystem::path source = test::golden_folder(name);
        const auto path = folder / (std::string(name) + ".gguf");
        const auto model = load_transformer<float>(source);
        std::vector<gguf_key> more;
        if (!model.config().end_tokens.empty())
            more.push_back(gguf_number("tokenizer.ggml.eos_token_id",
                                       static_cast<std::uint32_t>(model.config().end_tokens.front())));
        save_new_gguf(model, more, path);
        const checkpoint_file ours = read_gguf(path), theirs = read_gguf(source / "model.gguf");
        for (const tensor_view& tensor : theirs.tensors()) {
            CAPTURE(tensor.name);
            const tensor_view& found = ours.at(tensor.name);
            CHECK(found.shape == tensor.shape);
            CHECK(found.type == tensor.type);
            CHECK(std::ranges::equal(found.bytes, tensor.bytes));
        }
        CHECK(ours.tensors().size() == theirs.tensors().size());
        for (const auto& [key, value] : theirs.metadata().items())
            if (key != "tokenizer.ggml.eot_token_id") CHECK_MESSAGE(ours.metadata()[key] == value, key);
    }
}

TEST_CASE("what GGUF files of a family cannot say is refused before anything is written") {
    const test::folder folder;
    const auto refusal = [&](const char* name) {
        const auto model = load_transformer<float>(test::golden_folder(name));
        return test::error_of([&] { save_new_gguf(model, {}, folder / "a.gguf"); });
    };
    CHECK(test::contains(refusal("llama_dynamic"), "scaled dynamically"));
    CHECK(test::contains(refusal("opt"), "no GGUF files of opt"));
    CHECK_FALSE(std::filesystem::exists(folder / "a.gguf"));
}
