#include <doctest/doctest.h>

#include <preflearn/programs/labelling/label_decision.hpp>

using namespace preflearn;

TEST_CASE("a record's facts know the content of two responses, whichever stands first") {
    label_record record{.id = 3, .line = 7, .prompt = "p", .responses = {"a", "bb"}};
    const record_facts facts = facts_of(record);
    CHECK(facts.lengths[1] == 2);
    CHECK_FALSE(facts.identical);
    CHECK(facts.content == content_of_pair("p", "bb", "a"));
    record.responses.emplace_back("c");
    CHECK(facts_of(record).content == 0);
    record.responses = {"a", "a"};
    CHECK(facts_of(record).identical);
}
