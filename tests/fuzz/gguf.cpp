// A GGUF file as tensors, as a model and as a tokenizer: see run. Inputs that broke something became cases of the tests
// named hostile.cpp. SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/policy/files/load.hpp>
#include <preflearn/text/files/tokenizer_gguf.hpp>

#include "../checkpoint/gguf_writer.hpp"
#include "../text/small_tokenizer.hpp"
#include "target.hpp"

using namespace preflearn;

namespace {

void tokenizer_keys(test::gguf_writer& made, bool by_score) {
    test::add_small_tokenizer(made, by_score);
    made.number("tokenizer.ggml.eos_token_id", 5);
}

/// A model of width 2 with learned positions.
std::string small_model(bool by_score) {
    test::gguf_writer made;
    made.text("general.architecture", "gpt2");
    for (const auto& [name, value] : {std::pair{"embedding_length", 2U},
                                      {"block_count", 1U},
                                      {"attention.head_count", 1U},
                                      {"context_length", 3U},
                                      {"feed_forward_length", 2U}})
        made.number(std::string("gpt2.") + name, value);
    made.key("gpt2.attention.layer_norm_epsilon", 6, test::bytes(1e-5F));
    tokenizer_keys(made, by_score);
    const auto add = [&](std::string name, std::vector<std::uint64_t> dimensions) {
        std::size_t size = 4;
        for (const std::uint64_t extent : dimensions) size *= extent;
        made.tensors.push_back({std::move(name), std::move(dimensions), 0, std::string(size, '\x20')});
    };
    add("token_embd.weight", {2, 7});
    add("position_embd.weight", {2, 3});
    for (const std::string norm : {"blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"})
        for (const char* const part : {".weight", ".bias"}) add(norm + part, {2});
    add("blk.0.attn_qkv.weight", {2, 6}), add("blk.0.attn_qkv.bias", {6});
    for (const std::string matrix : {"blk.0.attn_output", "blk.0.ffn_up", "blk.0.ffn_down"})
        add(matrix + ".weight", {2, 2}), add(matrix + ".bias", {2});
    return made.file();
}

/// Tensors of many types, and the keys of a Llama with scaled rotary angles.
std::string many_types() {
    test::gguf_writer made;
    made.text("general.architecture", "llama");
    made.number("general.alignment", 32);
    for (const char* const name : {"embedding_length", "block_count", "attention.head_count", "context_length"})
        made.number(std::string("llama.") + name, 2);
    made.key("llama.attention.layer_norm_rms_epsilon", 6, test::bytes(1e-5F));
    made.text("llama.rope.scaling.type", "linear");
    made.key("llama.rope.scaling.factor", 6, test::bytes(2.0F));
    made.key("x", 12, test::bytes(0.5));
    made.tensors = {{"f32", {4, 2}, 0, std::string(32, 'a')},
                    {"q8", {32}, 8, std::string(34, 'b')},
                    {"q4k", {256}, 12, std::string(144, 'c')},
                    {"q6k", {256}, 14, std::string(210, 'c')},
                    {"f16", {3}, 1, std::string(6, 'd')}};
    return made.file();
}

} // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    fuzz::seed("model", small_model(false));
    fuzz::seed("scores", small_model(true));
    fuzz::seed("types", many_types());
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto path = fuzz::folder().write("a.gguf", {reinterpret_cast<const char*>(data), size});
    return fuzz::survives([&] {
        const checkpoint_file file = read_gguf(path);
        for (const tensor_view& tensor : file.tensors()) (void)all_values<float>(tensor);
        fuzz::survives([&] { (void)load_transformer<float>(path); });
        const tokenizer tokens = tokenizer_from_gguf(file);
        (void)tokens.decode(tokens.encode("the a <s> 12 \n"));
    });
}
