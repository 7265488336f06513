#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/policy/family/opt.hpp>
#include <preflearn/policy/files/load_text_policy.hpp>

#include "counted_tensors.hpp"

using namespace preflearn;

namespace {

const char* const opt_config = R"({"model_type": "opt", "vocab_size": 11, "hidden_size": 8, "word_embed_proj_dim": 8,
    "ffn_dim": 12, "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 10,
    "activation_function": "relu", "do_layer_norm_before": true})";

} // namespace

TEST_CASE("a small OPT has transformers' logits, gradients and greedy tokens") {
    test::check_family("opt", families::opt);
}

TEST_CASE("OPT: positions after two rows of padding, biases of query, key and value one after the other") {
    const decoder_layout layout(test::read_patched(opt_config));
    CHECK(layout.positions().weight.rows == 10);
    CHECK(layout.positions().weight.offset == test::place_of(layout, tensor_role::positions).offset + 16);
    CHECK(layout.layer(0).query_key_value.bias.columns == 24);
    CHECK_THROWS_WITH_AS((void)test::read_patched(opt_config, {{"word_embed_proj_dim", 4}}),
                         doctest::Contains("word_embed_proj_dim: the same as hidden_size, 8, was expected, found 4"),
                         input_error);
}

TEST_CASE("OPT's older files, whose names have no prefix, are the same model") {
    const test::folder folder;
    const auto short_name = [](const std::string& name) { return name.substr(std::string("model.").size()); };
    test::write_renamed(folder, "opt", short_name, "unknown");
    CHECK(test::contains(test::error_of([&] { (void)load_transformer<float>(folder.path()); }),
                         "tensor 'unknown' has no place in a opt model"));
    std::filesystem::remove(folder / "config.json");
    test::write_renamed(folder, "opt", short_name, "lm_head.weight");
    CHECK(test::contains(test::error_of([&] { (void)load_transformer<float>(folder.path()); }), "lm_head.weight"));
}

TEST_CASE("the published configurations of OPT: 125M is read, 350M is refused in words") {
    const char* const published = R"({"_name_or_path": "facebook/opt-125m", "activation_dropout": 0.0,
        "activation_function": "relu", "architectures": ["OPTForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 2,
        "do_layer_norm_before": true, "dropout": 0.1, "eos_token_id": 2, "ffn_dim": 3072, "hidden_size": 768,
        "init_std": 0.02, "layerdrop": 0.0, "max_position_embeddings": 2048, "model_type": "opt",
        "num_attention_heads": 12, "num_hidden_layers": 12, "pad_token_id": 1, "prefix": "</s>",
        "torch_dtype": "float16", "transformers_version": "4.21.0.dev0", "use_cache": true, "vocab_size": 50272,
        "word_embed_proj_dim": 768})";
    const transformer_config config = test::read_patched(published);
    CHECK(decoder_layout(config).size() == 125239296);
    CHECK(config.end_tokens == std::vector<token_id>{2});
    CHECK(config.notes.empty());
    CHECK(test::contains(test::refusal(published, {{"do_layer_norm_before", false},
                                                   {"hidden_size", 1024},
                                                   {"ffn_dim", 4096},
                                                   {"num_hidden_layers", 24},
                                                   {"num_attention_heads", 16},
                                                   {"word_embed_proj_dim", 512}}),
                         "do_layer_norm_before: only true is supported, found false"));
}

TEST_CASE("a folder of OPT's published form scores texts behind its begin token") {
    const test::folder folder;
    for (const char* const name : {"config.json", "model.safetensors"})
        std::filesystem::copy_file(test::golden_folder("opt") / name, folder / name);
    folder.write("vocab.json", R"({"<s>": 0, "<pad>": 1, "</s>": 2, "a": 3, "b": 4, "ab": 5, "Ġ": 6, "Ġa": 7})");
    folder.write("merges.txt", "#version: 0.2\na b\nĠ a\n");
    const auto model = load_transformer<float>(folder.path());
    const auto config = [&](bool begins) {
        folder.write("tokenizer_config.json",
                     nlohmann::json{{"tokenizer_class", "GPT2Tokenizer"},
                                    {"add_bos_token", begins},
                                    {"bos_token", {{"__type", "AddedToken"}, {"content", "</s>"}}},
                                    {"eos_token", "</s>"},
                                    {"unk_token", "</s>"},
                                    {"pad_token", "<pad>"}}
                         .dump());
        return load_text_policy<float>(folder.path());
    };
    const std::vector<token_id> with{2, 5, 7}, without{5, 7}, response{5, 4, 4};
    CHECK(config(true).log_prob("ab a", "abbb") == doctest::Approx(model.log_prob(with, response)));
    CHECK(config(false).log_prob("ab a", "abbb") == doctest::Approx(model.log_prob(without, response)));
}
