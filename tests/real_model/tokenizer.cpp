// Token ids of real preference pairs by transformers.
#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

#include <preflearn/text/files/load.hpp>

#include "models.hpp"

using namespace preflearn;

TEST_CASE("SmolLM2's own tokenizer gives the golden ids of real pairs") {
    const auto [model, golden] = test::weak_model_and_pairs();
    if (model.empty()) return;
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
