#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <preflearn/pipeline/teacher_kinds/language_models.hpp>

#include "../../files.hpp"
#include "../tiny_models.hpp"

using namespace preflearn;

namespace {

/// A base model, and another one as the policy in the teacher's folder.
struct language_models_files {
    test::folder outer;
    opened_teacher opened{.folder = outer / "t", .base = outer / "base"};

    language_models_files() {
        std::filesystem::create_directory(opened.folder);
        test::write_tiny_model(opened.base);
        test::write_tiny_model(opened.folder / "policy", false, 8);
        opened.description.kind = "implicit";
        opened.description.base.emplace();
        opened.description.policy = teacher_weights{.from = weights_from::model, .path = "policy"};
    }
};

text_reading language_models_reading(const std::filesystem::path& model) {
    return {.words = load_tokenizer(model), .maximum_length = 64, .vocabulary = 5, .model = "tiny"};
}

} // namespace

TEST_CASE("a teacher's models are read where they lie, the base model only where one is made of it") {
    language_models_files f;
    const auto fault = [&] { return test::error_of([&] { (void)load_models(test::on_processor(), f.opened, true); }); };
    CHECK(test::contains(fault(), "a teacher of the kind implicit has a base_model, a policy and a reference"));
    const std::vector<token_id> prompt{0, 1}, response{2, 3};
    const auto log_prob = [&](const scored_transformer& model) { return model.log_prob(prompt, response); };
    const teacher_models alone = load_models(test::on_processor(), f.opened, false);
    CHECK_FALSE(alone.base.has_value());
    CHECK_FALSE(alone.reference.has_value());
    f.opened.description.reference.emplace(); // the base model as it is
    const teacher_models both = load_models(test::on_processor(), f.opened, true);
    CHECK(log_prob(*both.policy) == log_prob(*alone.policy));
    CHECK(log_prob(*both.reference) == log_prob(*both.base));
    CHECK(log_prob(*both.reference) != log_prob(*both.policy));
    f.opened.description.reference->from = weights_from::outside;
    f.opened.reference = f.opened.folder / "policy";
    CHECK(log_prob(*load_models(test::on_processor(), f.opened, true).reference) == log_prob(*both.policy));
    f.opened.bases = std::make_shared<loaded_bases>(); // of an ensemble: what its members share is read once
    f.opened.description.policy.emplace();
    f.opened.description.base->identity.weights = "one";
    const teacher_models first = load_models(test::on_processor(), f.opened, false);
    std::filesystem::remove_all(f.opened.base);
    CHECK(log_prob(*load_models(test::on_processor(), f.opened, false).policy) == log_prob(*first.policy));
    CHECK(f.opened.bases->size() == 1);
    f.opened.description.policy = teacher_weights{.from = weights_from::model, .path = "../base"};
    CHECK(test::contains(fault(), "climbs out"));
}

TEST_CASE(
    "a block's completions lie together by record, those that are unfit passed over, shared prompts counted once") {
    const language_models_files f;
    text_reading reading = language_models_reading(f.opened.base);
    reading.maximum_tokens = 5;
    const std::vector<shown_texts> block{{.id = 1, .prompt = "ab", .responses = {"c", "da"}},
                                         {.id = 2, .prompt = "abc", .responses = {"a", "dddd"}}, // too long
                                         {.id = 3, .prompt = "", .responses = {"a", "b"}},
                                         {.id = 4, .prompt = "d", .responses = {"a", "b", "c"}},
                                         {.id = 5, .prompt = "d", .responses = {"a", "b"}}};
    std::vector<judgement> said(block.size());
    said[4].unfit = left_out_pair{.message = "already"};
    const tokens_of_block tokens(reading, block, said);
    REQUIRE(tokens.all().size() == 5);
    const std::vector<std::size_t> counts{2, 0, 0, 3, 0};
    std::size_t begin = 0;
    for (std::size_t i = 0; i < block.size(); ++i) {
        CHECK(tokens.begin_of(i) == begin);
        CHECK(tokens.end_of(i) == (begin += counts[i]));
    }
    CHECK(std::ranges::equal(tokens.all()[1].prompt, std::vector<token_id>{0, 1}));
    CHECK(std::ranges::equal(tokens.all()[1].response, std::vector<token_id>{3, 0}));
    CHECK(tokens.tokens() == (2 + 1 + 2) + (1 + 1 + 1 + 1));
    CHECK_FALSE(said[0].unfit.has_value());
    CHECK(said[1].unfit->reason == left_out_reason::too_long);
    CHECK(said[2].unfit->reason == left_out_reason::empty_prompt);
    CHECK(said[4].unfit->message == "already");

    reading.vocabulary = 3; // a model that does not belong to the tokenizer
    std::vector<judgement> fresh(block.size());
    CHECK(test::contains(test::error_of([&] { const tokens_of_block none(reading, block, fresh); }),
                         "pair 1: the response has the token 3"));
}

TEST_CASE("texts are read as the teacher says, with an end token only where the tokenizer names one") {
    language_models_files f;
    f.opened.description.boundary = "joint";
    f.opened.description.end_token = true;
    f.opened.description.maximum_tokens = 7;
    const scored_transformer model = load_any_transformer(test::on_processor(), f.opened.base, trained_tensors::none());
    const text_reading reading = reading_of(f.opened, model, f.opened.base);
    CHECK(reading.boundary == token_boundary::joint);
    CHECK(reading.maximum_tokens == 7);
    CHECK(reading.maximum_length == 64);
    CHECK(reading.vocabulary == 5);
    const shown_texts one{.id = 1, .prompt = "a", .responses = {"b"}};
    std::vector<judgement> said(1);
    CHECK(std::ranges::equal(tokens_of_block(reading, {&one, 1}, said).all()[0].response, std::vector<token_id>{1, 4}));
    std::filesystem::remove(f.opened.base / "tokenizer_config.json");
    CHECK(test::contains(test::error_of([&] { (void)reading_of(f.opened, model, f.opened.base); }),
                         "the teacher scores an end token, and the tokenizer names none"));
}
