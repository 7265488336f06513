#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/pipeline/study/study_parts.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

preference_data study_parts_pairs(const std::string& prompt, std::size_t count, bool labelled, std::uint64_t first) {
    preference_data data;
    for (std::size_t i = 0; i < count; ++i) {
        preference_record pair{.id = first + i, .prompt = prompt + std::to_string(i), .first = "x", .second = "y"};
        if (labelled) pair.label = preference::for_first();
        data.add(std::move(pair));
    }
    return data;
}
std::vector<text_comparison> study_parts_of(const preference_data& data) {
    return {data.comparisons().begin(), data.comparisons().end()};
}

std::vector<std::uint64_t> study_parts_ids(const std::vector<text_comparison>& pairs) {
    std::vector<std::uint64_t> ids;
    for (const text_comparison& pair : pairs) ids.push_back(pair.id);
    return ids;
}

} // namespace

TEST_CASE("without unlabelled pairs the parts are those of a split, with others the labelled parts stay") {
    const preference_data data = study_parts_pairs("p", 20, true, 0), hidden = study_parts_pairs("q", 9, false, 100);
    const split_options sizes{.labelled = 8, .unlabelled = 5, .test = 4, .seed = 3, .exact = false};
    const auto split = split_preferences(data.comparisons(), data.labels(), sizes);
    const study_parts same = deal_out(data.comparisons(), data.labels(), {}, {}, sizes);
    CHECK(study_parts_ids(same.pairs.unlabelled) == study_parts_ids(split.unlabelled));
    CHECK(same.pairs.labels == split.labels);
    for (const bool alone : {true, false}) {
        const study_parts mixed =
            deal_out(data.comparisons(), data.labels(), {}, as_unlabelled(study_parts_of(hidden), hidden, alone),
                     {.labelled = 8, .unlabelled = alone ? 5U : 12U, .test = 4, .seed = 3, .exact = false});
        CHECK(study_parts_ids(mixed.pairs.labelled) == study_parts_ids(split.labelled));
        CHECK(study_parts_ids(mixed.pairs.test) == study_parts_ids(split.test));
        CHECK(mixed.pairs.unlabelled.size() == (alone ? 5 : 12));
        std::size_t without = 0;
        for (const text_comparison& pair : mixed.pairs.unlabelled) without += !mixed.pairs.labels.find(pair.id);
        CHECK(without == (alone ? 5 : 9));
    }
}

TEST_CASE("of a held-out prompt nothing is learned") {
    const preference_data data = study_parts_pairs("p", 6, true, 0), hidden = study_parts_pairs("p", 6, false, 100);
    const study_parts dealt =
        deal_out(data.comparisons(), data.labels(), {}, as_unlabelled(study_parts_of(hidden), hidden, true),
                 {.labelled = 3, .unlabelled = unlimited_length, .test = 2, .seed = 1, .exact = false});
    CHECK(dealt.of_held_out_prompts == 2);
    CHECK(dealt.pairs.unlabelled.size() == 4);
    std::set<std::string_view> held_out_prompts;
    for (const text_comparison& pair : dealt.pairs.test) held_out_prompts.insert(pair.prompt);
    for (const text_comparison& pair : dealt.pairs.unlabelled) CHECK_FALSE(held_out_prompts.contains(pair.prompt));
    CHECK_THROWS_WITH_AS(deal_out(data.comparisons(), data.labels(), {},
                                  as_unlabelled(study_parts_of(hidden), hidden, true),
                                  {.labelled = 0, .unlabelled = 3, .test = 6, .seed = 1, .exact = false}),
                         doctest::Contains("the prompts of all 6"), argument_error);
}

TEST_CASE("another file's pairs get ids of their own, and a human verdict goes before a teacher's") {
    const test::folder f;
    const auto path = f.write("u.jsonl", R"({"id": 1, "prompt": "p", "chosen": "x", "rejected": "y", "human": 0})"
                                         "\n"
                                         R"({"prompt": "p", "responses": ["x", "y"], "label": "abstain"})"
                                         "\n");
    const preference_data data = study_parts_pairs("p", 2, true, 0), other = read_other_pairs(path, {}, data.names());
    REQUIRE(other.size() == 2);
    for (const text_comparison& pair : other.comparisons()) CHECK_FALSE(data.names().contains(pair.id));
    CHECK(other.names().find(other.comparisons()[0].id).id == "1");
    const unlabelled_pairs made = as_unlabelled(study_parts_of(other), other, true);
    CHECK(made.human.size() == 1);
    CHECK(made.human.at(other.comparisons()[0].id).decision() == choice::second);
}
