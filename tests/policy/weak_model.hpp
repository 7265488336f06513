/// \file
/// Where the real model and its golden pairs are, for the tests that need them.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace test {

/// Whether AddressSanitizer watches this program, which makes the real model slow.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool sanitised = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool sanitised = true;
#else
inline constexpr bool sanitised = false;
#endif
#else
inline constexpr bool sanitised = false;
#endif

struct weak_model_files {
    std::filesystem::path model, pairs;
};

/// The model is $PREFLEARN_WEAK_LLM, weak-llm.gguf in the temporary folder, or what the shared script places there.
/// Both paths are empty when one is missing.
inline weak_model_files weak_model_and_pairs() {
    namespace fs = std::filesystem;
    const fs::path shared(PREFLEARN_SHARED), script = shared / "get-weak-llm";
    const fs::path pairs = shared / "golden" / "smollm2-135m-hh-logprobs.jsonl";
    const char* const named = std::getenv("PREFLEARN_WEAK_LLM");
    const fs::path model = named ? fs::path(named) : fs::temp_directory_path() / "weak-llm.gguf";
    if (!fs::exists(pairs)) return {};
    if (!fs::exists(model) && fs::exists(script)) {
        const std::string command = "sh '" + script.string() + "' '" + model.string() + "' > /dev/null 2>&1";
        if (std::system(command.c_str()) != 0) return {};
    }
    return fs::exists(model) ? weak_model_files{model, pairs} : weak_model_files{};
}

} // namespace test
