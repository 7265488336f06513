// The tiny checkpoints of every family on the CUDA backend, against the processor's model of the same files: summed
// log-probs of responses that share prompts, in float, bfloat16 and float16, and the tokens that follow greedily.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/policy/files/load.hpp>
#include <preflearn/policy/transformer.hpp>

#include "../policy/golden.hpp"
#include "backends.hpp"

using namespace preflearn;

namespace {

test::completions texts_of(const nlohmann::json& golden) {
    test::completions c;
    for (const auto& each : golden["completions"])
        c.add(each["prompt"].get<std::vector<token_id>>(), each["response"].get<std::vector<token_id>>());
    return c;
}

/// How far a sum may be, of itself and in nats for every token.
struct bounds {
    double relative = 1e-4, of_token = 0;
};

template <class Backend>
void check_scores(const transformer<float>& host, const std::filesystem::path& path, const nlohmann::json& golden,
                  const bounds& allowed) {
    const auto device = load_transformer<float, Backend>(path, trained_tensors::none());
    const test::completions c = texts_of(golden);
    const auto expected = host.log_probs(c.views()), found = device.log_probs(c.views());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        CAPTURE(i);
        CHECK(std::abs(found[i] - expected[i]) <=
              allowed.relative * std::abs(expected[i]) + allowed.of_token * static_cast<double>(c.responses[i].size()));
    }
    if (allowed.of_token != 0) return;
    for (std::size_t p = 0; p < golden["prompts"].size(); ++p) {
        const auto prompt = golden["prompts"][p].template get<std::vector<token_id>>();
        generator unused(1, "greedy");
        CHECK(device.sample(prompt, {.temperature = 0, .max_tokens = 12}, unused) ==
              golden["greedy"][p].template get<std::vector<token_id>>());
    }
}

void check_family(const std::string& name) {
    CAPTURE(name);
    const std::filesystem::path folder = test::golden_folder(name), gguf = folder / "model.gguf";
    const nlohmann::json golden = read_json_file(folder / "golden.json");
    const auto host = load_transformer<float>(folder, trained_tensors::none());
    check_scores<test::cuda_float>(host, folder, golden, {});
    check_scores<test::cuda_bfloat16>(host, folder, golden, {.relative = 0, .of_token = 0.02});
    if (std::filesystem::exists(gguf)) check_scores<test::cuda_float>(host, gguf, golden, {});
}

} // namespace

TEST_CASE("Llama and its relatives, with every rule by which positions are stretched") {
    for (const char* const name :
         {"llama", "llama_linear", "llama_llama3", "llama_yarn", "llama_dynamic", "llama_biases", "mistral", "smollm3"})
        check_family(name);
}

TEST_CASE("Qwen: biases of queries, keys and values, or norms of their heads") {
    for (const char* const name : {"qwen2", "qwen3"}) check_family(name);
}

TEST_CASE("Gemma: soft caps, norms after the blocks, windows, two rotations") {
    for (const char* const name : {"gemma", "gemma2", "gemma3", "gemma3_scaled"}) check_family(name);
}

TEST_CASE("GPT-2, OPT and GPT-NeoX: layer norms, learned positions, partial rotation, blocks side by side") {
    for (const char* const name : {"gpt2", "opt", "gpt_neox", "gpt_neox_serial"}) check_family(name);
}

TEST_CASE("float16 holds small models, too") {
    const std::filesystem::path folder = test::golden_folder("llama");
    check_scores<test::cuda_float16>(load_transformer<float>(folder, trained_tensors::none()), folder,
                                     read_json_file(folder / "golden.json"), {.relative = 0, .of_token = 0.004});
}
