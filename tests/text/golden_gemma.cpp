// Token ids of real preference pairs by transformers; needs ../shared and the model of ../shared/get-student-llm, at
// $PREFLEARN_STUDENT_LLM or where that script puts it. The texts are those of the SmolLM2 file, pair by pair.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <preflearn/text/files/load.hpp>

using namespace preflearn;

TEST_CASE("Gemma 3's SentencePiece tokenizer gives the golden ids of real pairs") {
    const char* const named = std::getenv("PREFLEARN_STUDENT_LLM");
    const std::filesystem::path model =
        named ? named : (std::filesystem::temp_directory_path() / "student-llm.gguf").string();
    const std::filesystem::path golden = PREFLEARN_SHARED "/golden/gemma3-270m-hh-logprobs.jsonl";
    const std::filesystem::path texts = PREFLEARN_SHARED "/golden/smollm2-135m-hh-logprobs-own-tokenizer.jsonl";
    for (const auto& needed : {model, golden, texts}) {
        if (!std::filesystem::exists(needed)) {
            std::printf("[skipped] %s is not there\n", needed.filename().c_str());
            return;
        }
    }
    const tokenizer tokens = load_tokenizer(model);
    REQUIRE(tokens.begin_token());
    CHECK(tokens.token_text(*tokens.begin_token()) == "<bos>");
    CHECK(tokens.token_text(tokens.end_token().value()) == "<eos>");
    std::ifstream lines(golden), lines_of_text(texts);
    int pairs = 0;
    for (std::string line, line_of_text; std::getline(lines, line) && std::getline(lines_of_text, line_of_text);
         ++pairs) {
        const auto pair = nlohmann::json::parse(line), text_pair = nlohmann::json::parse(line_of_text);
        REQUIRE(pair.at("index") == text_pair.at("index"));
        for (const std::string part : {"prompt", "chosen", "rejected"}) {
            CAPTURE(pairs);
            CAPTURE(part);
            const std::string text = text_pair.at(part);
            std::vector<token_id> ids;
            if (part == "prompt") ids.push_back(*tokens.begin_token());
            const auto encoded = tokens.encode(text);
            ids.insert(ids.end(), encoded.begin(), encoded.end());
            CHECK(ids == pair.at(part + "_ids").get<std::vector<token_id>>());
            CHECK(tokens.decode(encoded) == text);
        }
    }
    CHECK(pairs == 12);
}
