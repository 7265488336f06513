#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <preflearn/policy/files/config_files.hpp>

#include "../../files.hpp"
#include "../golden.hpp"

using namespace preflearn;

TEST_CASE("a small Gemma has transformers' logits, gradients and greedy tokens") {
    test::check_family("gemma", families::gemma);
}

TEST_CASE("a Gemma as it is published is read: GELU is the one by tanh, whatever its name") {
    const test::folder folder;
    nlohmann::json config = nlohmann::json::parse(R"({"architectures": ["GemmaForCausalLM"], "attention_bias": false,
        "attention_dropout": 0.0, "bos_token_id": 2, "eos_token_id": 1, "head_dim": 256, "hidden_act": "gelu",
        "hidden_size": 3072, "initializer_range": 0.02, "intermediate_size": 24576, "max_position_embeddings": 8192,
        "model_type": "gemma", "num_attention_heads": 16, "num_hidden_layers": 28, "num_key_value_heads": 16,
        "pad_token_id": 0, "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 10000.0,
        "torch_dtype": "bfloat16", "transformers_version": "4.38.0.dev0", "use_cache": true, "vocab_size": 256000})");
    const auto read = [&] { return read_config_json(folder.write("config.json", config.dump())); };
    const transformer_config gemma = read();
    CHECK(gemma.family.activation == activation_kind::gelu_tanh);
    CHECK(gemma.query_size() == 4096);
    CHECK(gemma.tied_embeddings);
    CHECK(gemma.notes.empty());
    CHECK(gemma.embedding_scale == std::sqrt(3072.0));
    CHECK(gemma.end_tokens == std::vector<token_id>{1});
    for (const char* const name : {"gelu_pytorch_tanh", "gelu"}) {
        config["hidden_act"] = name;
        config["hidden_activation"] = "gelu_pytorch_tanh";
        CHECK(read() == gemma);
        config["hidden_activation"] = nullptr;
        CHECK(read() == gemma);
    }
    config["hidden_activation"] = "gelu"; // which versions of transformers take for two things
    CHECK(test::contains(test::error_of(read), "hidden_activation: only \"gelu_pytorch_tanh\" is supported"));
    config["hidden_activation"] = nullptr;
    config["hidden_act"] = "silu";
    CHECK(test::contains(test::error_of(read), "hidden_act: only \"gelu_pytorch_tanh\""));
}
