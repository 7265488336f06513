// Token ids of real preference pairs by transformers; needs ../shared and the model of ../shared/get-weak-llm, at
// $PREFLEARN_WEAK_LLM or where that script puts it.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <preflearn/text/load.hpp>

using namespace preflearn;

TEST_CASE("SmolLM2's own tokenizer gives the golden ids of real pairs") {
    const char* const named = std::getenv("PREFLEARN_WEAK_LLM");
    const std::filesystem::path model =
        named ? named : (std::filesystem::temp_directory_path() / "weak-llm.gguf").string();
    const std::filesystem::path golden = PREFLEARN_SHARED "/golden/smollm2-135m-hh-logprobs.jsonl";
    for (const auto& needed : {model, golden}) {
        if (!std::filesystem::exists(needed)) {
            std::printf("[skipped] %s is not there\n", needed.filename().c_str());
            return;
        }
    }
    const tokenizer tokens = load_tokenizer(model);
    CHECK(!tokens.begin_token());
    CHECK(tokens.token_text(tokens.end_token().value()) == "<|im_end|>");
    std::ifstream lines(golden);
    int pairs = 0;
    for (std::string line; std::getline(lines, line); ++pairs) {
        const auto pair = nlohmann::json::parse(line);
        for (const std::string part : {"prompt", "chosen", "rejected"}) {
            CAPTURE(pairs);
            CAPTURE(part);
            const std::string text = pair.at(part);
            const auto ids = tokens.encode(text);
            CHECK(ids == pair.at(part + "_ids").get<std::vector<token_id>>());
            CHECK(tokens.decode(ids) == text);
        }
    }
    CHECK(pairs == 12);
}
