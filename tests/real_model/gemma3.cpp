// Gemma 3 270M in a file of five stored types, its weights left as they are stored.
#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/policy/files/load.hpp>
#include <preflearn/text/files/load.hpp>

#include "../json_lines.hpp"
#include "golden_pairs.hpp"
#include "models.hpp"

using namespace preflearn;

TEST_CASE("log-probabilities of real pairs under a real Gemma 3 are transformers'") {
    const auto [path, pairs] = test::student_model_and_pairs();
    if (path.empty()) return;
    const auto m = load_transformer<float>(path, trained_tensors::none());
    CHECK(m.config().tied_embeddings);
    CHECK(m.config().vocabulary_size == 262144);
    CHECK(m.parameters().empty());
    test::check_golden_pairs(m, test::json_lines(pairs));
}

TEST_CASE("Gemma 3's SentencePiece tokenizer gives the golden ids of real pairs") {
    const auto [model, pairs] = test::student_model_and_pairs();
    const auto [other_model, texts] = test::weak_model_and_pairs();
    if (model.empty() || other_model.empty()) return;
    const tokenizer tokens = load_tokenizer(model);
    REQUIRE(tokens.begin_token());
    CHECK(tokens.token_text(*tokens.begin_token()) == "<bos>");
    CHECK(tokens.token_text(tokens.end_token().value()) == "<eos>");
    const std::vector<nlohmann::json> golden = test::json_lines(pairs), of_texts = test::json_lines(texts);
    REQUIRE(golden.size() == 12);
    REQUIRE(of_texts.size() == 12);
    for (std::size_t i = 0; i < golden.size(); ++i) {
        CAPTURE(i);
        REQUIRE(golden[i].at("index") == of_texts[i].at("index"));
        for (const std::string part : {"prompt", "chosen", "rejected"}) {
            CAPTURE(part);
            const std::string text = of_texts[i].at(part);
            std::vector<token_id> ids;
            if (part == "prompt") ids.push_back(*tokens.begin_token());
            const auto encoded = tokens.encode(text);
            ids.insert(ids.end(), encoded.begin(), encoded.end());
            CHECK(ids == golden[i].at(part + "_ids").get<std::vector<token_id>>());
            CHECK(tokens.decode(encoded) == text);
        }
    }
}

// By make_gemma3_texts.py.
TEST_CASE("hard texts have transformers' ids under Gemma 3's tokenizer, and come back byte by byte") {
    const auto [model, pairs] = test::student_model_and_pairs();
    if (model.empty()) return;
    const tokenizer tokens = load_tokenizer(model);
    CHECK(tokens.notes().empty());
    const nlohmann::json texts = read_json_file(PREFLEARN_TESTS "/real_model/gemma3_texts.json");
    CHECK(texts.size() > 50);
    for (const nlohmann::json& each : texts) {
        const std::string text = each["text"];
        CAPTURE(text);
        const auto ids = tokens.encode(text);
        CHECK(ids == each["ids"].get<std::vector<token_id>>());
        CHECK(tokens.decode(ids) == text);
    }
    // SentencePiece and llama.cpp take the longest run that is a token
    CHECK(tokens.encode(std::string(32, ' ')) == std::vector<token_id>{167, 236743});
}
