// A PEFT folder, adapter_config.json and adapter_model.safetensors, read for a small GPT-NeoX: see run. Inputs that
// broke something became cases of the tests named hostile.cpp.
// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/policy/adapters/adapter_files.hpp>
#include <preflearn/policy/files/load.hpp>

#include "target.hpp"

using namespace preflearn;

namespace {

const transformer<float>& model() {
    static const auto loaded =
        load_transformer<float>(fuzz::golden("policy/golden/gpt_neox_serial"), trained_tensors::none());
    return loaded;
}

} // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    const std::vector<float> down(2 * 16, 0.5F), up(48 * 2, 0.25F), wide(18 * 2, 0.25F);
    const std::string attention = "base_model.model.gpt_neox.layers.0.attention.query_key_value",
                      mlp = "base_model.model.gpt_neox.layers.0.mlp.dense_h_to_4h";
    write_safetensors(fuzz::folder() / "adapter_model.safetensors",
                      std::vector{as_tensor<float>(attention + ".lora_A.weight", {2, 16}, down),
                                  as_tensor<float>(attention + ".lora_B.weight", {48, 2}, up),
                                  as_tensor<float>(mlp + ".lora_A.weight", {2, 16}, down),
                                  as_tensor<float>(mlp + ".lora_B.weight", {18, 2}, wide)});
    const std::string tensors = test::read(fuzz::folder() / "adapter_model.safetensors");
    const std::string config = R"({"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 2, "lora_alpha": 4,
        "lora_dropout": 0.05, "target_modules": ["query_key_value", "dense_h_to_4h"], "fan_in_fan_out": false, "bias":
        "none", )";
    fuzz::seed("plain", config + "\"use_rslora\": true}\xFF" + tensors);
    fuzz::seed("patterns", config +
                               "\"rank_pattern\": {\"query_key_value\": 2}, \"alpha_pattern\": {\"^gpt\": 8}, "
                               "\"layers_to_transform\": [0]}\xFF" +
                               tensors);
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    fuzz::folder().write("adapter_config.json", fuzz::next_part(rest));
    fuzz::folder().write("adapter_model.safetensors", rest);
    return fuzz::survives([&] { (void)load_adapter(model(), fuzz::folder().path()); });
}
