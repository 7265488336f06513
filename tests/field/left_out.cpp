#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/data/preferences/preference_reader.hpp>
#include <preflearn/data/selection/fitting.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/pipeline/scoring/text_reader.hpp>
#include <preflearn/pipeline/study/text_study.hpp>
#include <preflearn/policy/files/load_text_policy.hpp>
#include <preflearn/policy/text/text_policy.hpp>

#include "../files.hpp"
#include "field_file.hpp"

using namespace preflearn;

namespace {

/// What is left out of a file of pairs for a model of the folder: "36 empty_prompt; …", after how many are kept.
std::pair<std::size_t, std::string> fit(const std::string& model, const std::string& file, response_end after,
                                        const fit_rules& rules = {}) {
    const auto folder = test::field_file(model), path = test::field_file(file);
    if (folder.empty() || path.empty()) return {~std::size_t{0}, ""};
    const auto data = read_preferences(path);
    const auto policy = load_text_policy<float>(folder, {.after_response = after});
    const auto fitting = fit_pairs(data, std::vector{reader_of(policy, model)}, rules);
    std::string left_out;
    for (const left_out_pair& pair : fitting.left_out.pairs())
        left_out += message(pair.name.line, " ", name_of(pair.reason), "; ");
    return {fitting.kept.size(), left_out};
}

} // namespace

TEST_CASE("exactly_the_models_length: pairs fit when they are scored, not when an end token is added") {
    const auto [scored, nothing] = fit("context128", "exactly_the_models_length.jsonl", response_end::nothing);
    if (scored == ~std::size_t{0}) return;
    CHECK(scored == 60);
    CHECK(nothing.empty());
    const auto [trained, left_out] = fit("context128", "exactly_the_models_length.jsonl", response_end::end_token);
    CHECK(trained == 0);
    CHECK(left_out.starts_with("1 longer_than_model; "));
}

TEST_CASE("empty_prompt_at_line_36, too_long_at_line_36: the others are kept") {
    const auto empty = fit("tiny_llama", "empty_prompt_at_line_36.jsonl", response_end::nothing);
    if (empty.first == ~std::size_t{0}) return;
    CHECK(empty == std::pair(std::size_t{39}, std::string("36 empty_prompt; ")));
    const auto longer = fit("tiny_llama", "too_long_at_line_36.jsonl", response_end::nothing);
    CHECK(longer == std::pair(std::size_t{39}, std::string("36 longer_than_model; ")));
    const auto asked = fit("tiny_llama", "too_long_at_line_36.jsonl", response_end::nothing, {.maximum_tokens = 512});
    CHECK(asked == std::pair(std::size_t{39}, std::string("36 too_long; ")));
}

TEST_CASE("identical_responses: scored, and nothing is learned from them") {
    const auto scored = fit("tiny_llama", "identical_responses.jsonl", response_end::nothing);
    if (scored.first == ~std::size_t{0}) return;
    CHECK(scored == std::pair(std::size_t{60}, std::string()));
    text_study_options options{.teacher = test::field_file("tiny_llama"),
                               .student = test::field_file("tiny_llama"),
                               .data = test::field_file("identical_responses.jsonl"),
                               .labelled = 12,
                               .unlabelled = 24,
                               .test = 12};
    CHECK(test::contains(test::error_of([&] { run_text_study(options, dpo{}, [](const auto&) {}); }),
                         "identical_responses.jsonl: no pair is left\n"
                         "  left out: 60 with two identical responses (first: line 1, id 0)"));
}
