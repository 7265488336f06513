#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <preflearn/data/preferences/preference_reader.hpp>
#include <preflearn/pipeline/scoring/text_reader.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

/// A letter is a token, 'a' the first; a response ends in token 3.
struct letters {
    struct {
        struct configuration {
            std::size_t vocabulary_size = 4, maximum_length = 5;
        } of{};
        [[nodiscard]] const configuration& config() const { return of; }
    } language_model;
    mutable std::map<std::string, std::vector<token_id>, std::less<>> ids{}; // views of them are handed out

    [[nodiscard]] const auto& model() const { return language_model; }
    [[nodiscard]] token_span prompt_tokens(std::string_view text) const {
        auto& of = ids[std::string(text)];
        of.clear();
        for (const char c : text) of.push_back(c - 'a');
        return of;
    }
    [[nodiscard]] token_span response_tokens(std::string_view text) const {
        return prompt_tokens(std::string(text) + 'd');
    }
};

fitting_pairs fit(const std::string& lines) {
    std::istringstream stream(lines);
    preference_reader reader(stream, "pairs.jsonl");
    const letters policy;
    const preference_data data = read_preferences(reader);
    fitting_pairs fitting = fit_pairs(data, std::vector{reader_of(policy, "letters")});
    for (text_comparison& pair : fitting.kept) pair.prompt = pair.first = pair.second = {}; // views of what ends here
    return fitting;
}

} // namespace

TEST_CASE("a text policy reads pairs with its end token and its model's maximum") {
    const auto fitting = fit(R"({"prompt": "ab", "chosen": "ab", "rejected": "c"})"
                             "\n"
                             R"({"prompt": "ab", "chosen": "ab", "rejected": "ccc"})"
                             "\n"
                             R"({"prompt": "", "chosen": "a", "rejected": "c"})"
                             "\n");
    REQUIRE(fitting.kept.size() == 1);
    CHECK(fitting.left_out.pairs()[0].message == "2 + 4 tokens are more than the 5 of letters");
    CHECK(fitting.left_out.pairs()[1].reason == left_out_reason::empty_prompt);
}

TEST_CASE("a token that the model has no place for is named by line before anything runs") {
    CHECK(test::error_of([] {
              fit("\n"
                  R"({"id": "x", "prompt": "a", "chosen": "a", "rejected": "be"})");
          }) == "pairs.jsonl:2: pair 'x': the second response has the token 4, but the model's vocabulary ends at 3");
}
