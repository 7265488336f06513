#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/text/steps/named_pretokenisers.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("each named pre-tokeniser cuts nasty texts as the tokenizers package does by the same expressions") {
    const auto golden = read_json_file(PREFLEARN_TESTS "/text/golden/pieces.json");
    const auto texts = golden.at("texts").get<std::vector<std::string>>();
    CHECK(golden.at("pieces").size() == named_pretokenisers().size());
    for (const named_pretokeniser& named : named_pretokenisers()) {
        const auto& expected = golden.at("pieces").at(std::string(named.name()));
        auto steps = steps_of(named);
        steps.pop_back(); // the byte alphabet
        for (std::size_t i = 0; i < texts.size(); ++i) {
            text_pieces pieces(texts[i]);
            for (const auto& step : steps) pretokenise(pieces, step, text_position::start);
            CAPTURE(named.name());
            CAPTURE(texts[i]);
            CHECK(pieces.ends == expected[i].get<std::vector<std::size_t>>());
        }
    }
}

TEST_CASE("names are found, other names for the same pattern too; unknown ones are refused with the list") {
    CHECK(pretokeniser_named("llama3").name() == "llama-bpe");
    CHECK(pretokeniser_named("smollm").name() == "starcoder");
    CHECK(find_pretokeniser("llama") == nullptr);
    CHECK(find_pretokeniser("") == nullptr);
    CHECK(is_foreign_pretokeniser("gemma4"));
    const std::string error = test::error_of([] { (void)pretokeniser_named("lama"); });
    CHECK(test::contains(error, "there is no pre-tokeniser 'lama'; there are default, gpt-2, starcoder, llama-bpe"));
}
