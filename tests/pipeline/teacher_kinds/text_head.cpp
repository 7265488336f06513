#include <doctest/doctest.h>

#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/concepts.hpp>
#include <preflearn/pipeline/teacher_kinds/text_head.hpp>
#include <preflearn/policy/files/sequence_classifier.hpp>

#include "../../files.hpp"
#include "../tiny_models.hpp"

using namespace preflearn;

static_assert(RewardModel<text_head, text_comparison>);
static_assert(Trainable<text_head, std::span<const completion<std::string_view>>>);

TEST_CASE("a head reads texts as it is told, and a pair's length is that of what it reads") {
    const test::folder f;
    test::write_tiny_model(f / "model");
    any_scalar_head<float> head = load_scalar_head(test::on_processor(), f / "model");
    head.write_head([](std::span<float> v) { v[0] = 1; });
    const std::vector<token_id> a{0}, b{1, 1};
    const text_head reads(head, [&](std::string_view prompt, std::string_view) {
        return prompt == "x" ? token_completion{a, b} : token_completion{b, a};
    });
    CHECK(reads("x", "any") == head(a, b));
    const std::vector<completion<std::string_view>> texts{{"x", ""}, {"y", ""}};
    CHECK(reads.rewards(std::span(texts)) == std::vector{head(a, b), head(b, a)});

    const pair_reader lengths = reader_of_both("m", head.config(), [&](const text_comparison& pair) {
        return std::pair(reads.tokens("x", pair.first), reads.tokens("y", pair.second));
    });
    const pair_lengths found = lengths.lengths({});
    CHECK(found.prompt == 1);
    CHECK(found.first == 2);
    CHECK(found.second == 1);
    CHECK(found.second_prompt == 2);
    const std::vector<token_id> outside{99};
    const pair_reader wrong = reader_of_both("m", head.config(), [&](const text_comparison&) {
        return std::pair(token_completion{a, outside}, token_completion{a, b});
    });
    CHECK(test::contains(test::error_of([&] { (void)wrong.lengths({}); }), "the model's vocabulary ends at 4"));
}
