#include <doctest/doctest.h>

#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/data/preferences/preference_reader.hpp>
#include <preflearn/data/records/preparing/prepare_records.hpp>

#include "../../../files.hpp"
#include "../../../json_lines.hpp"

using namespace preflearn;

namespace {

prepare_options to_format(const std::filesystem::path& in, const std::filesystem::path& out, std::string_view format) {
    return {.inputs = {in}, .items = {.target = record_target_named(format)}, .out = out};
}
/// The file in another format, read from there into a third.
std::string through_format(const test::folder& folder, const std::filesystem::path& in, std::string_view format) {
    for (const char* const made : {"other.jsonl", "back.jsonl"}) std::filesystem::remove(folder / made);
    prepare_records(to_format(in, folder / "other.jsonl", format));
    prepare_records(to_format(folder / "other.jsonl", folder / "back.jsonl", "trl"));
    return test::read(folder / "back.jsonl");
}

/// Hard texts in the form of HH, turns by turns.
std::string hard_transcripts() {
    const std::vector<std::string> hard{"a", "é 😀 \u2028", "two\n\nparagraphs", "\"quoted\" \\ \t", " spaces ", "{}"};
    std::string lines;
    for (std::size_t i = 0; i < 60; ++i) {
        const std::size_t j = i % 50; // the last ten are the first ones again
        const auto text = [&](std::size_t k) { return hard[(j * k + k) % hard.size()] + std::to_string(j * k); };
        const std::string prompt = "\n\nHuman: " + text(1) + "\n\nAssistant: " + text(2) + "\n\nHuman: " + text(3);
        lines += nlohmann::json{{"chosen", prompt + "\n\nAssistant: " + text(4)},
                                {"rejected", prompt + "\n\nAssistant: " + text(5)}}
                     .dump() +
                 "\n";
    }
    return lines;
}

} // namespace

TEST_CASE("pairs come back the same from every format that can hold them, duplicates counted and left out") {
    const test::folder folder;
    const auto hh = folder.write("hh.jsonl", hard_transcripts());
    const auto prepared = prepare_records(to_format(hh, folder / "trl.jsonl", "trl"));
    CHECK(prepared.written == 50);
    CHECK(prepared.files[0].left_out.count(left_out_reason::duplicate) == 10);
    CHECK(test::json_lines(folder / "trl.jsonl.left-out.jsonl").size() == 10);
    const std::string trl = test::read(folder / "trl.jsonl");
    for (const char* const format :
         {"trl", "trl-conversational", "hh", "responses", "kto", "kto-conversational", "responses-conversational"})
        CHECK_MESSAGE(through_format(folder, folder / "trl.jsonl", format) == trl, format);
    CHECK(!std::filesystem::exists(folder / "back.jsonl.left-out.jsonl"));
    // and the readers of other programs read them
    const preference_data data = read_preferences(folder / "trl.jsonl");
    CHECK(data.size() == 50);
    CHECK(data.comparisons()[3].first == test::json_lines(folder / "trl.jsonl")[3].at("chosen").get<std::string>());
}

TEST_CASE("the same command gives the same bytes, gzipped, too, and a split keeps prompts together") {
    const test::folder folder;
    const auto hh = folder.write("hh.jsonl", hard_transcripts());
    auto options = to_format(hh, folder / "out.jsonl.gz", "unlabelled");
    options.parts = split_parts_of("test=5,labelled=0.2,rest=rest");
    options.items.seed = 4;
    const auto first = prepare_records(options);
    REQUIRE(first.parts.size() == 3);
    CHECK(first.parts[0].path == folder / "out.test.jsonl.gz");
    CHECK(first.parts[0].lines == 5);
    CHECK(first.parts[1].lines == 10);
    CHECK(first.parts[2].lines == 35);
    const std::string bytes = test::read(first.parts[2].path);
    CHECK(bytes.starts_with("\x1F\x8B"));
    prepare_records(options);
    CHECK(test::read(first.parts[2].path) == bytes);
    std::set<std::string> prompts;
    for (const prepared_part& part : first.parts)
        for (const auto& line : test::json_lines(part.path))
            CHECK(prompts.insert(line.at("prompt").get<std::string>()).second);
}

TEST_CASE("files are read together: ids of both, contradictions between them, and columns of all") {
    const test::folder folder;
    const auto a = folder.write("a.jsonl", R"({"id": 1, "prompt": "p", "chosen": "a", "rejected": "b", "margin": 2}
{"id": 2, "prompt": "p", "chosen": "a", "rejected": "c"})");
    const auto b = folder.write("b.jsonl", R"([{"id": 1, "prompt": "p", "chosen": "b", "rejected": "a"},
 {"id": "x", "prompt": "q", "chosen": "a", "rejected": "c", "probability": 0.75}])");
    auto options = to_format(a, folder / "out.jsonl", "trl");
    options.inputs.push_back(b);
    CHECK(test::contains(test::error_of([&] { prepare_records(options); }), "b.jsonl:1: the id 1 was seen at "));
    CHECK(!std::filesystem::exists(folder / "out.jsonl"));
    options.ids_by_file = true;
    const auto prepared = prepare_records(options);
    CHECK(prepared.files[0].left_out.count(left_out_reason::contradiction) == 1);
    CHECK(prepared.files[1].left_out.count(left_out_reason::contradiction) == 1);
    const auto lines = test::json_lines(folder / "out.jsonl");
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].dump() ==
          R"({"chosen":"a","id":"a.jsonl:2","margin":null,"probability":1.0,"prompt":"p","rejected":"c"})");
    CHECK(lines[1].at("id") == "b.jsonl:x");
    CHECK(lines[1].at("probability") == 0.75);
    CHECK(test::json_lines(folder / "out.jsonl.left-out.jsonl")[1].at("file") == b.string());
}

TEST_CASE("what is left out has its reason, and where nothing is left no file is made") {
    const test::folder folder;
    const auto in = folder.write("in.jsonl", R"({"id": "a", "prompt": "p", "responses": ["a", "b"]}
{"id": "b", "prompt": "p", "responses": ["a", "a"], "label": 1}
{"id": "c", "prompt": "a longer prompt", "responses": ["a", "b"], "label": 1}
broken
{"id": "d", "prompt": [{"role": "user", "content": "u"}, {"role": "tool", "content": "4"}], "responses": ["a", "b"], "label": 1})");
    folder.write("out.jsonl", "old");
    auto options = to_format(in, folder / "out.jsonl", "trl");
    options.rules.maximum_prompt = 2;
    CHECK(test::contains(test::error_of([&] { prepare_records(options); }), "in.jsonl:4: is not valid JSON"));
    options.records.reading.skip_malformed = true;
    const auto prepared = prepare_records(options);
    CHECK(prepared.written == 0);
    CHECK(test::read(folder / "out.jsonl") == "old");
    std::string reasons;
    for (const auto& line : test::json_lines(folder / "out.jsonl.left-out.jsonl"))
        reasons += line.at("reason").get<std::string>() + " ";
    CHECK(reasons == "no_label identical_responses too_long malformed not_expressible ");
    CHECK(test::contains(test::error_of([&] { prepare_records(to_format(in, in, "trl")); }), "would be written over"));
    const auto empty = folder.write("empty.jsonl", "\n");
    CHECK(test::contains(test::error_of([&] { prepare_records(to_format(empty, folder / "o", "trl")); }),
                         "empty.jsonl: holds no records"));
}

TEST_CASE("the lines of label become pairs by their scores, and single completions of a prompt do") {
    const test::folder folder;
    const auto scored = folder.write(
        "r.jsonl", R"({"id": "r1", "prompt": "p", "responses": ["a", "b", "c"], "scores": [0.5, -1, 2], "teacher": "t"}
{"id": "r2", "prompt": "q", "responses": ["a", "b"], "scores": [1, 1], "teacher": "t"})");
    auto options = to_format(scored, folder / "out.jsonl", "trl");
    options.items.pairing = pairing::all;
    CHECK(prepare_records(options).written == 3);
    const auto lines = test::json_lines(folder / "out.jsonl");
    CHECK(
        lines[0].dump() ==
        R"({"chosen":"a","id":"r1-0-1","margin":1.5,"prompt":"p","rejected":"b","score_chosen":0.5,"score_rejected":-1.0,"teacher":"t"})");
    const auto singles = folder.write("k.jsonl", R"({"prompt": "p", "completion": "a", "label": false}
{"prompt": "q", "completion": "x", "label": true}
{"prompt": "p", "completion": "b", "label": true})");
    const auto made = prepare_records(to_format(singles, folder / "pairs.jsonl", "trl"));
    CHECK(made.files[0].left_out.count(left_out_reason::one_response) == 1);
    CHECK(test::json_lines(folder / "pairs.jsonl")[0].dump() == // labels are no scores, and their difference no margin
          R"({"chosen":"b","id":0,"prompt":"p","rejected":"a"})");
}

TEST_CASE("single completions of pairs fall out with their pair, by its rules, and never by themselves") {
    const test::folder folder;
    const auto in = folder.write("in.jsonl", R"({"id": 1, "prompt": "p", "chosen": "a", "rejected": "b", "margin": 2}
{"id": 2, "prompt": "p", "chosen": "b", "rejected": "c", "margin": 3}
{"id": 3, "prompt": "p", "chosen": "a", "rejected": "c", "margin": 0.5}
{"id": 4, "prompt": "p", "chosen": "b", "rejected": "c", "margin": 3})");
    auto options = to_format(in, folder / "out.jsonl", "kto");
    options.rules.minimum_margin = 1;
    CHECK(prepare_records(options).written == 4); // b is good and bad
    const auto lines = test::json_lines(folder / "out.jsonl");
    CHECK(lines[1].dump() ==
          R"({"completion":"b","id":"1-rejected","label":false,"margin":2.0,"pair":1,"prompt":"p"})");
    CHECK(lines[2].at("label") == true);
    options.items.target = record_target_named("unlabelled");
    options.out = folder / "unlabelled.jsonl";
    CHECK(prepare_records(options).written == 2);
    // a turn without a content that has tool calls alone
    const auto calls = folder.write(
        "calls.jsonl",
        R"({"prompt": [{"role": "user", "content": "u"}, {"role": "assistant", "tool_calls": [1]}, {"role": "tool", "content": "4"}], "chosen": "a", "rejected": "b"})");
    CHECK(prepare_records(to_format(calls, folder / "trl.jsonl", "trl-conversational")).written == 1);
    CHECK(prepare_records(to_format(calls, folder / "hh.jsonl", "hh")).written == 0);
}

TEST_CASE("nobody's file is written over: not the output, not a part of a split, not the list of what is left out") {
    const test::folder folder;
    const auto in = folder.write("in.jsonl", hard_transcripts());
    for (const char* const name : {"out.jsonl", "out.rest.jsonl", "out.jsonl.left-out.jsonl"}) {
        CAPTURE(name);
        folder.write(name, "ten years of notes");
        auto options = to_format(in, folder / "out.jsonl", "trl");
        if (std::string_view(name) == "out.rest.jsonl") options.parts = split_parts_of("some=0.5,rest=rest");
        CHECK(test::contains(test::error_of([&] { prepare_records(options); }), "is there already"));
        CHECK(test::read(folder / name) == "ten years of notes");
        for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
            if (entry.path() != in) std::filesystem::remove(entry.path());
    }
    // where nothing is left out no list is removed, either
    const auto one = folder.write("one.jsonl", R"({"prompt": "p", "chosen": "a", "rejected": "b"})");
    folder.write("out.jsonl.left-out.jsonl", "ten years of notes");
    CHECK_FALSE(test::error_of([&] { prepare_records(to_format(one, folder / "out.jsonl", "trl")); }).empty());
    CHECK(test::read(folder / "out.jsonl.left-out.jsonl") == "ten years of notes");
}
