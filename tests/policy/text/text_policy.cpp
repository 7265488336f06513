#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/many.hpp>
#include <preflearn/policy/adapters/with_adapter.hpp>
#include <preflearn/policy/files/load_text_policy.hpp>
#include <preflearn/policy/text/text_policy.hpp>

#include "../../files.hpp"
#include "../models.hpp"

using namespace preflearn;

namespace {

using policy = text_policy<transformer<double>>;
using text_pair = comparison<std::string_view>;
using text_completion = completion<std::string_view>;

static_assert(Policy<policy, text_pair> && GenerativePolicy<policy, text_pair>);
static_assert(Trainable<policy, std::span<const text_completion>>);
static_assert(Trainable<policy, std::span<const completion<std::string>>>);
static_assert(KnowsDivergence<policy, std::span<const text_completion>>);
static_assert(KnowsSumSquares<policy, std::span<const text_completion>>);

/// a b c d, "ab" as one token, <s> and </s>; `begin`: the file asks for <s> before a prompt.
tokenizer letters(bool begin) {
    const auto file = nlohmann::json::parse(R"({"added_tokens": [{"id": 5, "content": "<s>", "special": true},
        {"id": 6, "content": "</s>", "special": true}], "model": {"type": "BPE",
        "vocab": {"a": 0, "b": 1, "c": 2, "d": 3, "ab": 4}, "merges": [["a", "b"]]}})");
    return tokenizer_from_json(file, {{"add_bos_token", begin}, {"bos_token", "<s>"}, {"eos_token", "</s>"}}, "t.json");
}

transformer<double> small_model() {
    transformer_config config = test::grouped();
    config.end_tokens.push_back(6);
    return transformer<double>(config, generator(4, "weights"));
}

} // namespace

TEST_CASE("a policy over text is its language model on the tokens of prompt and response") {
    const transformer<double> language_model = small_model();
    const policy p(letters(false), language_model);
    const std::vector<token_id> prompt = {2, 0}, response = {1, 4};
    // "ca" + "bab": the a and the b that meet are not merged
    CHECK(p.log_prob("ca", "bab") == language_model.log_prob(prompt, response));
    CHECK(p.count_tokens("cabab") == 3);
    const std::vector<text_completion> all = {{"ca", "bab"}, {"ca", "d"}, {"d", ""}};
    const std::vector<double> together = p.log_probs(std::span<const text_completion>(all));
    CHECK(together.size() == 3);
    CHECK(together[0] == doctest::Approx(language_model.log_prob(prompt, response)));
    CHECK(together[2] == 0);
    CHECK(p.token_log_probs(std::span<const text_completion>(all))[0].size() == 2);
    const std::vector<completion<std::string>> owned = {{"ca", "bab"}, {"ca", "d"}, {"d", ""}};
    CHECK(log_probs(p, std::span<const completion<std::string>>(owned)) == together);
    CHECK_THROWS_AS((void)p.log_prob("", "a"), argument_error);
}

TEST_CASE("a begin token stands where the file asks for one, an end token where the caller does") {
    const transformer<double> language_model = small_model();
    const policy plain(letters(true), language_model),
        ended(letters(true), language_model, {.after_response = response_end::end_token});
    const std::vector<token_id> prompt = {5, 2}, response = {4, 6};
    CHECK(plain.log_prob("c", "ab") == language_model.log_prob(prompt, std::vector<token_id>{4}));
    CHECK(ended.log_prob("c", "ab") == language_model.log_prob(prompt, response));
    CHECK(ended.log_prob("", "") == language_model.log_prob(std::vector<token_id>{5}, std::vector<token_id>{6}));
    CHECK(ended.count_tokens("ab") == 1);
    const tokenizer endless = tokenizer_from_json(
        nlohmann::json::parse(R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}})"), {}, "t.json");
    CHECK_THROWS_WITH_AS(policy(endless, language_model, {.after_response = response_end::end_token}),
                         doctest::Contains("the tokenizer names none"), argument_error);
}

TEST_CASE("special tokens in a text are tokens, or letters where the caller says so") {
    const transformer<double> language_model = small_model();
    const policy parsing(letters(false), language_model);
    const policy literal(letters(false), language_model, {.found = special_tokens::plain});
    CHECK(parsing.count_tokens("a<s>b") == 3);
    CHECK(literal.count_tokens("a<s>c") == 2); // '<', 's' and '>' have no tokens here and are dropped
    CHECK(std::ranges::count(literal.prompt_tokens("a<s>b"), 5) == 0);
}

TEST_CASE("it learns through its model, and a copy learns alone") {
    const policy reference(letters(false), small_model());
    policy student = reference;
    const std::vector<text_completion> all = {{"ca", "bab"}, {"ca", "d"}};
    const std::span<const text_completion> batch(all);
    const double before = reference.log_prob("ca", "bab");
    for (int step = 0; step < 20; ++step) {
        std::ranges::fill(student.gradients(), 0);
        auto pass = student.forward(batch);
        CHECK(pass.scores().size() == 2);
        student.backward(std::move(pass), std::vector<double>{-1, 1});
        for (std::size_t i = 0; i < student.parameters().size(); ++i)
            student.parameters()[i] -= 0.01 * student.gradients()[i];
    }
    CHECK(student.log_prob("ca", "bab") - student.log_prob("ca", "d") >
          reference.log_prob("ca", "bab") - reference.log_prob("ca", "d") + 0.1);
    CHECK(reference.log_prob("ca", "bab") == before);
}

TEST_CASE("it learns token by token through its model") {
    policy p(letters(false), small_model()), q = p;
    const std::vector<text_completion> all = {{"ca", "bab"}, {"ca", "d"}};
    const std::span<const text_completion> batch(all);
    p.backward(p.forward(batch), std::vector<double>{0.5, -2});
    const auto pass = q.forward_with_sum_squares(batch);
    CHECK(pass.token_scores(0).size() == 2);
    CHECK(pass.token_log_sum_squares(1).size() == 1);
    CHECK(q.forward_with_divergence(batch, p).token_divergences(0).size() == 2);
    q.backward_tokens(q.forward(batch), std::vector<double>{0.5, 0.5, -2});
    CHECK(std::ranges::equal(p.gradients(), q.gradients()));
}

TEST_CASE("drawn texts are the decoded tokens without end tokens, each prompt from its own stream") {
    const policy p(letters(true), small_model());
    const std::vector<std::string_view> prompts = {"a", "cab", "d", "a"};
    const sampling_options options{.max_tokens = 12};
    const std::vector<std::string> drawn =
        p.sample_many(std::span<const std::string_view>(prompts), options, 7, "draw");
    REQUIRE(drawn.size() == 4);
    CHECK(drawn[0] != drawn[3]);
    for (std::size_t i = 0; i < prompts.size(); ++i) {
        generator random(7, "draw", i);
        CHECK(p.sample(prompts[i], options, random) == drawn[i]);
        CHECK(drawn[i].find_first_not_of("abcd") == std::string::npos); // no control token, none of the padded ids
    }
}

TEST_CASE("sampling stops at the tokenizer's end token and at the model's") {
    transformer_config config = test::grouped();
    config.end_tokens = {3};
    const policy p(letters(false), transformer<double>(config, generator(4, "weights")));
    CHECK(p.model().config().end_tokens == std::vector<token_id>{3, 6});
    std::size_t at_six = 0, at_three = 0;
    for (std::uint64_t i = 0; i < 60; ++i) {
        generator random(7, "ends", i);
        const std::vector<token_id> drawn =
            p.model().sample(p.prompt_tokens("ca"), {.temperature = 3, .max_tokens = 30}, random);
        const auto ends = [](token_id token) { return token == 3 || token == 6; };
        CHECK(std::ranges::none_of(drawn.begin(), drawn.end() - 1, ends));
        at_six += drawn.back() == 6 ? 1 : 0;
        at_three += drawn.back() == 3 ? 1 : 0;
    }
    CHECK(at_six > 0);
    CHECK(at_three > 0);
    CHECK(p.notes().empty());
}

TEST_CASE("a folder with tokenizer.json and weights loads as one policy") {
    const test::folder folder;
    save_transformer(small_model(), folder.path());
    CHECK(test::contains(test::error_of([&] { (void)load_text_policy<double>(folder.path()); }), "tokenizer.json"));
    folder.write("tokenizer.json", R"({"added_tokens": [{"id": 6, "content": "</s>", "special": true}],
        "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "d": 3, "ab": 4}, "merges": [["a", "b"]]}})");
    folder.write("tokenizer_config.json", R"({"eos_token": "</s>"})");
    const policy loaded = load_text_policy<double>(folder.path(), {.after_response = response_end::end_token});
    CHECK(loaded.log_prob("c", "ab") == small_model().log_prob(std::vector<token_id>{2}, std::vector<token_id>{4, 6}));
}

TEST_CASE("a policy that learns by an adapter is its own reference with the adapter off") {
    const policy base(letters(false), small_model());
    policy adapted(letters(false), with_adapter(base.model(), {.rank = 2}));
    for (double& value : adapted.parameters()) value += 0.1;
    CHECK(adapted.log_prob("ca", "bab") != base.log_prob("ca", "bab"));
    const policy reference = adapted.without_adapter();
    CHECK(reference.log_prob("ca", "bab") == base.log_prob("ca", "bab"));
    CHECK(reference.tokens("ca", "b").prompt.data() == adapted.tokens("ca", "b").prompt.data());
}
