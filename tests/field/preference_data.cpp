#include <doctest/doctest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <preflearn/data/preferences/preference_reader.hpp>
#include <preflearn/data/preferences/write_pairs.hpp>

#include "../files.hpp"
#include "field_file.hpp"

using namespace preflearn;

TEST_CASE("tools_dropped: a turn whose tool calls nothing writes is refused by its field") {
    const auto path = test::field_file("tools_dropped.jsonl");
    if (path.empty()) return;
    CHECK(test::contains(test::error_of([&] { read_preferences(path); }),
                         ":1: field 'chosen[0].tool_calls': has content"));
}

TEST_CASE("prompt_repeated_in_texts: the prompt is taken off the responses, and counted") {
    const auto path = test::field_file("prompt_repeated_in_texts.jsonl");
    if (path.empty()) return;
    const auto data = read_preferences(path);
    REQUIRE(data.size() == 1);
    CHECK(data.comparisons()[0].prompt == "\n\nHuman: hi\n\nAssistant:");
    CHECK(data.comparisons()[0].first == " Hello");
    CHECK(data.comparisons()[0].second == " No");
    CHECK(data.repeated().count == 1);
    CHECK(data.repeated().first_line == 1);
}

TEST_CASE("chosen_with_label_0: two verdicts that contradict each other are an error") {
    const auto path = test::field_file("chosen_with_label_0.jsonl");
    if (path.empty()) return;
    CHECK(test::contains(test::error_of([&] { read_preferences(path); }), ":1: field 'label': found 0, which prefers"));
}

TEST_CASE("string_ids: texts are kept and written back, and found again") {
    const auto path = test::field_file("string_ids.jsonl");
    if (path.empty()) return;
    const auto data = read_preferences(path);
    REQUIRE(data.size() == 60);
    CHECK(data.names().find(data.comparisons()[7].id).id == "a007");
    CHECK(test::contains(data.names().place(data.comparisons()[59].id), "string_ids.jsonl:60: pair 'a059'"));
    std::ostringstream out;
    write_labelled_pairs(out, data.comparisons(), data.labels(), pair_format::chosen_rejected, data.names());
    CHECK(test::contains(out.str(), R"({"id":"a059",)"));
}

TEST_CASE("id_float and id_mixed: 3.0 is 3, and a line without an id clashes with none") {
    const auto whole = test::field_file("id_float.jsonl"), mixed = test::field_file("id_mixed.jsonl");
    if (whole.empty() || mixed.empty()) return;
    CHECK(read_preferences(whole).comparisons()[0].id == 3);
    const auto data = read_preferences(mixed);
    REQUIRE(data.size() == 2);
    CHECK(data.comparisons()[0].id == 1);
    CHECK(data.comparisons()[1].id != 1);
    CHECK(data.labels().size() == 2);
    CHECK(data.names().find(data.comparisons()[0].id).id == "1");
    CHECK(data.names().find(data.comparisons()[1].id).id == "line 2");
}
