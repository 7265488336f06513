#include <doctest/doctest.h>

#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/policy/files/load.hpp>

#include "../json_lines.hpp"
#include "golden_pairs.hpp"
#include "models.hpp"

using namespace preflearn;

TEST_CASE("log-probabilities of real pairs under a real model are transformers'") {
    const auto [path, pairs] = test::weak_model_and_pairs();
    if (path.empty()) return;
    const auto m = load_transformer<float>(path);
    CHECK(m.config().tied_embeddings);
    test::check_golden_pairs(m, test::json_lines(pairs));
}

TEST_CASE("a real model's weights, read where they lie in the file, give the bits of their numbers") {
    const auto [path, pairs] = test::weak_model_and_pairs();
    if (path.empty()) return;
    const auto numbers = load_transformer<float>(path), stored = load_transformer<float>(path, trained_tensors::none());
    CHECK(stored.parameters().empty());
    auto prompt = test::json_lines(pairs).front().at("prompt_ids").get<std::vector<token_id>>();
    prompt.resize(24);
    const token_completion one{token_span(prompt).first(16), token_span(prompt).last(8)};
    CHECK(stored.log_probs({&one, 1}) == numbers.log_probs({&one, 1}));
    generator first(1, "sample"), second(1, "sample");
    const sampling_options options{.top_p = 0.9, .max_tokens = 4}; // a token at a time
    CHECK(stored.sample(prompt, options, first) == numbers.sample(prompt, options, second));
}
