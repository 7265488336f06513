/// \file
/// Where the real model and its golden pairs are, for the tests that need them.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

namespace test {

struct weak_model_files {
    std::filesystem::path model, pairs;
};

/// The model is $PREFLEARN_WEAK_LLM, weak-llm.gguf in the temporary folder, or what the shared script places there.
/// Both paths are empty when one is missing, and the skip is reported.
inline weak_model_files weak_model_and_pairs() {
    namespace fs = std::filesystem;
    const fs::path shared(PREFLEARN_SHARED), script = shared / "get-weak-llm";
    const fs::path pairs = shared / "golden" / "smollm2-135m-hh-logprobs-own-tokenizer.jsonl";
    const char* const named = std::getenv("PREFLEARN_WEAK_LLM");
    const fs::path model = named ? fs::path(named) : fs::temp_directory_path() / "weak-llm.gguf";
    const std::string command = "sh '" + script.string() + "' '" + model.string() + "' > /dev/null 2>&1";
    if (fs::exists(pairs) && (fs::exists(model) || (fs::exists(script) && std::system(command.c_str()) == 0)))
        return {model, pairs};
    std::cout << "[skipped] no shared folder or no model: set PREFLEARN_WEAK_LLM\n";
    return {};
}

} // namespace test
