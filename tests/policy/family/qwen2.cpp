#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/policy/files/load.hpp>

#include "../../files.hpp"
#include "../golden.hpp"

using namespace preflearn;

// The values are those of transformers and PyTorch, the GGUF file is written by llama.cpp's package: see
// golden/make_qwen2.py.
TEST_CASE("a small Qwen2 has transformers' logits, gradients and greedy tokens, from a folder and from GGUF") {
    const nlohmann::json golden = test::golden_values("tiny_qwen2");
    for (const char* const file : {"tiny_qwen2", "tiny_qwen2.gguf"}) {
        CAPTURE(file);
        auto m = load_transformer<double>(test::golden_folder() / file);
        CHECK(m.config().family == families::qwen2);
        CHECK(m.config().tied_embeddings);
        CHECK(m.config().end_tokens == std::vector<token_id>{21});
        CHECK(m.notes().empty());
        // GGUF keeps the norm's epsilon and the rotary base as float
        test::check_golden(m, "tiny_qwen2", 1e-7, 1e-6);
        for (std::size_t p = 0; p < 2; ++p) {
            const auto prompt = golden["prompts"][p].get<std::vector<token_id>>();
            const auto logits = golden["logits"][p].get<std::vector<double>>();
            double sum = 0;
            for (const double logit : logits) sum += std::exp(logit);
            for (std::size_t v = 0; v < logits.size(); ++v) {
                const std::vector<token_id> next{static_cast<token_id>(v)};
                CHECK(std::abs(m.log_prob(prompt, next) - (logits[v] - std::log(sum))) < 1e-7);
            }
            generator unused(1, "greedy");
            CHECK(m.sample(prompt, {.temperature = 0, .max_tokens = 12}, unused) ==
                  golden["greedy"][p].get<std::vector<token_id>>());
        }
    }
}

TEST_CASE("in float, too, within what float holds") {
    auto m = load_transformer<float>(test::golden_folder() / "tiny_qwen2");
    test::check_golden(m, "tiny_qwen2", 1e-4, 1e-4);
}

TEST_CASE("a Qwen2 that is saved has transformers' names and loads again; fresh biases are zero") {
    const test::folder folder;
    const auto m = load_transformer<float>(test::golden_folder() / "tiny_qwen2");
    save_transformer(m, folder.path());
    const checkpoint_file theirs = read_safetensors(test::golden_folder() / "tiny_qwen2"),
                          ours = read_safetensors(folder.path());
    CHECK(ours.tensors().size() == theirs.tensors().size());
    for (const tensor_view& tensor : theirs.tensors())
        CHECK(std::ranges::equal(ours.at(tensor.name).bytes, tensor.bytes));
    CHECK(load_transformer<float>(folder.path()).config() == m.config());

    const transformer<double> fresh(m.config(), generator(1, "weights"));
    std::size_t biases = 0;
    for (const auto& tensor : tensors(fresh)) {
        if (!tensor.name.ends_with(".bias")) continue;
        ++biases;
        CHECK(std::ranges::all_of(tensor.values, [](double value) { return value == 0; }));
    }
    CHECK(biases == 6);
}

TEST_CASE("a Qwen2 with a window in its upper layers is refused") {
    const test::folder folder;
    nlohmann::json config = read_json_file(test::golden_folder() / "tiny_qwen2" / "config.json");
    const auto error = [&] {
        return test::error_of([&] { (void)read_config_json(folder.write("config.json", config.dump())); });
    };
    config["layer_types"][1] = "sliding_attention";
    CHECK(test::contains(error(), "layer_types: \"full_attention\" was expected of layer 1"));
    config["use_sliding_window"] = true;
    CHECK(test::contains(error(), "use_sliding_window: only false is supported, found true"));
}
