// config.json of every family, and generation_config.json beside it: see run. Inputs that broke something became cases
// of the tests named hostile.cpp. SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/decoder/rotary.hpp>
#include <preflearn/policy/files/config_files.hpp>

#include "target.hpp"

using namespace preflearn;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    for (const auto& entry : std::filesystem::directory_iterator(fuzz::golden("policy/golden")))
        if (std::filesystem::exists(entry.path() / "config.json"))
            fuzz::seed(entry.path().filename().string(),
                       test::read(entry.path() / "config.json") + "\xFF{\"eos_token_id\": [1, 2]}");
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const auto path = fuzz::folder().write("config.json", fuzz::next_part(rest));
    fuzz::folder().write("generation_config.json", rest.empty() ? "{}" : rest);
    return fuzz::survives([&] {
        const transformer_config config = read_config_json(path);
        const decoder_layout layout(config);
        if (config.family.rotary() && config.rotary_dim <= 4096) (void)rotary_frequencies(config);
        // what is written is read as the same, or cannot be written
        fuzz::folder().write("generation_config.json", "{}");
        fuzz::folder().write("config.json", config_json(config, "float32").dump());
        transformer_config again = read_config_json(path);
        again.notes = config.notes;
        if (!(again == config)) __builtin_trap();
    });
}
