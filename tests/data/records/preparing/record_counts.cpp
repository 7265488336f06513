#include <doctest/doctest.h>

#include <string>

#include <preflearn/data/records/preparing/record_counts.hpp>

#include "../parsed.hpp"

using namespace preflearn;

TEST_CASE("verdicts, repeats and lengths are counted") {
    record_counts counts;
    for (
        const char* const line :
        {R"({"id": 1, "prompt": "a b", "chosen": "long answer here", "rejected": "x", "probability": 0.8, "margin": 1.4, "human": 0})",
         R"({"prompt": "a b", "chosen": "x", "rejected": "long answer here"})",
         R"({"prompt": "p", "responses": ["a", "b c"], "label": 0})",
         R"({"prompt": "p", "responses": ["a", "b"], "label": "tie"})",
         R"({"prompt": "p", "responses": ["a", "c"], "label": "abstain"})",
         R"({"prompt": "p", "responses": ["a", "d"]})", R"({"prompt": "p", "responses": ["a", "e"], "scores": [3, 1]})",
         R"({"prompt": "", "responses": ["a", "", "c"], "scores": [3, 1, 2]})",
         R"({"prompt": "q", "chosen": "same", "rejected": "same"})",
         R"({"prompt": "q", "chosen": "same", "rejected": "same"})",
         R"({"prompt": "q", "completion": "a", "label": true})"})
        counts.add(test::parsed(line));
    CHECK(counts.records == 11);
    CHECK(counts.responses == 22);
    CHECK(counts.most == 3);
    CHECK(counts.fewest == 1);
    CHECK(counts.forms[static_cast<std::size_t>(record_form::responses)] == 6);
    CHECK(counts.decided == 6); // a label or scores
    CHECK(counts.uncertain == 1);
    CHECK(counts.ties == 1);
    CHECK(counts.abstentions == 1);
    CHECK(counts.unlabelled == 1);
    CHECK(counts.scored == 2);
    CHECK(counts.good == 1);
    CHECK(counts.identical == 2);
    CHECK(counts.empty_prompts == 1);
    CHECK(counts.empty_responses == 1);
    CHECK(counts.without_id == 10);
    CHECK(counts.with_margin == 2); // one from scores
    CHECK((counts.human_agrees.no == 1 && counts.human_agrees.yes == 0));
    CHECK((counts.longer.yes == 2 && counts.longer.no == 1 && counts.longer.equal == 3));
    CHECK((counts.first.yes == 1 && counts.first.no == 1)); // of lists alone
    CHECK(counts.prompts().size() == 4);
    CHECK(counts.repeats(left_out_reason::contradiction) == 2);
    CHECK(counts.repeats(left_out_reason::duplicate) == 1);
    const length_summary prompts = summary_of(counts.prompt_lengths);
    CHECK(prompts.total == 12);
    CHECK(prompts.smallest == 0);
    CHECK(prompts.median == 1);
    CHECK(prompts.largest == 2);
    CHECK(summary_of({}).count == 0);
}

TEST_CASE("shared prompts are those in both lists") {
    CHECK(shared_prompts(std::vector<std::uint64_t>{1, 3, 5, 7}, std::vector<std::uint64_t>{2, 3, 4, 7, 9}) == 2);
    CHECK(shared_prompts({}, std::vector<std::uint64_t>{2}) == 0);
}
