#include <doctest/doctest.h>

#include <set>
#include <string>
#include <string_view>

#include <preflearn/data/records/reading/response_record.hpp>

#include "../parsed.hpp"

using namespace preflearn;

TEST_CASE("responses swapped: everything that is about their order turns, and twice is not at all") {
    const auto record = test::parsed(
        R"({"prompt": "p", "responses": ["a", "b"], "label": 0.25, "margin": -1.5, "human": 1, "scores": [1, 3]})");
    response_record swapped = record;
    swap_responses(swapped);
    CHECK(swapped.responses == std::vector<nlohmann::json>{"b", "a"});
    CHECK(swapped.label->first() == 0.75);
    CHECK(*swapped.margin == 1.5);
    CHECK(swapped.human->decision() == choice::second);
    CHECK(swapped.scores == std::vector<double>{3, 1});
    CHECK(swapped.prompt == record.prompt);
    swap_responses(swapped);
    CHECK(swapped.responses == record.responses);
    CHECK(swapped.label->first() == record.label->first());
    CHECK(swapped.margin == record.margin);
    CHECK(swapped.human->decision() == record.human->decision());
    CHECK(swapped.scores == record.scores);
    response_record bare = test::parsed(R"({"prompt": "p", "responses": ["a", "b"]})");
    swap_responses(bare); // what it does not have it does not get
    CHECK((!bare.label && !bare.margin && !bare.human && bare.scores.empty()));
}

TEST_CASE("scores are had from two rated responses on, and every form has a name of its own") {
    response_record record;
    CHECK(!record.has_scores());
    record.scores = {unrated, 2, unrated};
    CHECK(!record.has_scores());
    record.scores = {-1, unrated, 0};
    CHECK(record.has_scores());
    std::set<std::string_view> form_names;
    for (std::size_t form = 0; form < record_forms; ++form)
        CHECK(form_names.insert(name_of(static_cast<record_form>(form))).second);
    CHECK(form_names.size() == static_cast<std::size_t>(record_form::single) + 1);
}

TEST_CASE("a transcript's prompt begins with a person and ends where the assistant is to speak") {
    CHECK(is_transcript_prompt("\n\nHuman: p\n\nAssistant:"));
    CHECK(!is_transcript_prompt("\n\nHuman: p\n\nAssistant: a"));
    CHECK(!is_transcript_prompt("\n\nHuman: p"));
    CHECK(!is_transcript_prompt("p\n\nAssistant:"));
    CHECK(!is_transcript_prompt(""));
}
