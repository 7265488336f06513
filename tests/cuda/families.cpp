#include "golden_families.hpp"

#include <filesystem>
#include <string>

#include "backends.hpp"

using namespace preflearn;

namespace {

void check_family(const std::string& name) { test::check_on_cuda<test::cuda_float, test::cuda_bfloat16>(name); }

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
    test::check_scores<test::cuda_float16>(load_transformer<float>(folder, trained_tensors::none()), folder,
                                           read_json_file(folder / "golden.json"),
                                           {.relative = 0.002, .of_token = 0.004});
}
