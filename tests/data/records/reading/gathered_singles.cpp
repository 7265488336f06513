#include <doctest/doctest.h>

#include <string>

#include <preflearn/data/records/reading/gathered_singles.hpp>

#include "../../../files.hpp"
#include "../parsed.hpp"

using namespace preflearn;

TEST_CASE("completions of one prompt are one record of scored responses, in the order of their first") {
    gathered_singles gathered;
    for (const char* const line : {R"({"id": 1, "prompt": "p", "completion": "a", "label": true, "k": 1, "l": 2})",
                                   R"({"id": 2, "prompt": "q", "completion": "b", "label": false})",
                                   R"({"id": 3, "prompt": "p", "completion": "c", "label": false, "k": 1, "l": 3})"})
        gathered.add(test::parsed(line));
    const auto records = gathered.take();
    REQUIRE(records.size() == 2);
    CHECK(records[0].given.number == 1);
    CHECK(records[0].responses == std::vector<nlohmann::json>{"a", "c"});
    CHECK(records[0].scores == std::vector<double>{1, 0});
    CHECK(records[0].others.dump() == R"({"k":1})"); // what differs is none of the record's
    CHECK(records[1].responses.size() == 1);
    CHECK(gathered.take().empty());
}

TEST_CASE("the two completions of a pair are the pair again, with its verdict") {
    gathered_singles gathered;
    for (
        const char* const line :
        {R"({"id": "7-rejected", "pair": 7, "prompt": "p", "completion": "b", "label": false, "probability": 0.8, "margin": 1.4, "human": 0})",
         R"({"id": "7-chosen", "pair": 7, "prompt": "p", "completion": "a", "label": true, "probability": 0.8, "margin": 1.4, "human": 0})"})
        gathered.add(test::parsed(line));
    CHECK(test::contains(test::error_of([&] {
                             gathered.add(
                                 test::parsed(R"({"pair": 7, "prompt": "other", "completion": "a", "label": true})"));
                         }),
                         "another prompt"));
    const auto record = gathered.take().at(0);
    CHECK(record.given.number == 7);
    CHECK(record.label->second() == doctest::Approx(0.8)); // the rejected one stood first
    CHECK(*record.margin == -1.4);
    CHECK(record.human->decision() == choice::first);
    CHECK(record.others.empty());
}
