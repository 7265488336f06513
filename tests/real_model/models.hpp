/// \file
/// Where the real models and their golden pairs are, for the tests that need them.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

namespace test {

struct real_model {
    std::filesystem::path file, pairs; ///< both empty when one is missing
};

/// The model is what the environment's `variable` names, `file` in the temporary folder, or what the shared `script`
/// places there. That it is skipped is reported.
inline real_model real_model_and_pairs(const char* variable, const char* script, const char* file, const char* golden) {
    namespace fs = std::filesystem;
    const fs::path shared(PREFLEARN_SHARED), fetch = shared / script, pairs = shared / "golden" / golden;
    const char* const named = std::getenv(variable);
    const fs::path model = named ? fs::path(named) : fs::temp_directory_path() / file;
    const std::string command = "sh '" + fetch.string() + "' '" + model.string() + "' > /dev/null 2>&1";
    if (fs::exists(pairs) && (fs::exists(model) || (fs::exists(fetch) && std::system(command.c_str()) == 0)))
        return {model, pairs};
    std::cout << "[skipped] no shared folder or no model: set " << variable << '\n';
    return {};
}

/// SmolLM2-135M-Instruct, of the Llama family.
inline real_model weak_model_and_pairs() {
    return real_model_and_pairs("PREFLEARN_WEAK_LLM", "get-weak-llm", "weak-llm.gguf",
                                "smollm2-135m-hh-logprobs-own-tokenizer.jsonl");
}
/// Gemma 3 270M, base. Its golden pairs have no texts; they are those of the weak model's, pair by pair.
inline real_model student_model_and_pairs() {
    return real_model_and_pairs("PREFLEARN_STUDENT_LLM", "get-student-llm", "student-llm.gguf",
                                "gemma3-270m-hh-logprobs.jsonl");
}

} // namespace test
