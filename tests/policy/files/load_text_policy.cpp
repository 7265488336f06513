#include <doctest/doctest.h>

#include <string>

#include <preflearn/policy/files/load.hpp>
#include <preflearn/policy/files/load_text_policy.hpp>

#include "../../files.hpp"
#include "../models.hpp"

using namespace preflearn;

TEST_CASE("tokenizer and model of one folder make a policy over text; what is missing is named") {
    const test::folder folder;
    transformer_config config = test::grouped();
    config.vocabulary_size = 7;
    config.end_tokens = {6};
    save_transformer(transformer<double>(config, generator(1, "weights")), folder.path());
    CHECK(test::contains(test::error_of([&] { (void)load_text_policy<double>(folder.path()); }), "tokenizer.json"));
    folder.write("tokenizer.json", R"({"added_tokens": [{"id": 5, "content": "<s>", "special": true},
        {"id": 6, "content": "</s>", "special": true}], "model": {"type": "BPE",
        "vocab": {"a": 0, "b": 1, "c": 2, "d": 3, "ab": 4}, "merges": [["a", "b"]]}})");
    const auto policy = load_text_policy<double>(folder.path());
    const auto model = load_transformer<double>(folder.path());
    const std::vector<token_id> prompt{4, 2}, response{3};
    CHECK(policy.log_prob(std::string("abc"), std::string("d")) == model.log_prob(prompt, response));
}
