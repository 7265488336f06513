#include <doctest/doctest.h>

#include <span>
#include <string>

#include <preflearn/programs/pairs/pairs_program.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("files are looked at: counts, shares, lengths and shared prompts, as text and as JSON") {
    const test::folder folder;
    const auto a = folder.write("a.jsonl", R"({"prompt": "one two", "chosen": "a b c", "rejected": "d"}
{"prompt": "p", "chosen": "a", "rejected": "b"}
{"prompt": "p", "responses": ["x", "y"]})");
    const auto b = folder.write(
        "b.jsonl", R"({"chosen": "\n\nHuman: p\n\nAssistant: a", "rejected": "\n\nHuman: p\n\nAssistant: b"}
oops)");
    prepare_options options{.inputs = {a, b}, .records = {.reading = {.skip_malformed = true}}};
    CHECK(choose(options, {}).empty());
    const pair_summary summary = look_at_pairs(options);
    const auto json = to_json(summary);
    CHECK(json["unit"] == "words");
    CHECK(json["files"][0]["records"] == 3);
    CHECK(json["files"][0]["decided"] == 2);
    CHECK(json["files"][0]["unlabelled"] == 1);
    CHECK(json["files"][0]["read_as"]["explicit prompts"] == 2);
    CHECK(json["files"][0]["chosen_is_longer"]["share"] == 1.0);
    CHECK(json["files"][0]["chosen_is_longer"]["equal"] == 1);
    CHECK(json["files"][0]["lengths"]["prompt"]["total"] == 4);
    CHECK(json["files"][1]["malformed"] == 1);
    CHECK(json["shared_prompts"][0]["b.jsonl"] == 1); // a transcript's and a text's
    const std::string text = to_text(summary);
    CHECK(test::contains(text, "read as HH transcripts"));
    CHECK(test::contains(text, "the chosen response is the longer one  100.0%"));
    CHECK(test::contains(text, "1 malformed: is not valid JSON"));
    options.records.reading.skip_malformed = false;
    CHECK(test::contains(test::error_of([&] { look_at_pairs(options); }), "b.jsonl:2: is not valid JSON"));
}

TEST_CASE("words of the command line choose, and unknown ones are named") {
    prepare_options options;
    choose(options, {.to = "kto-conversational",
                     .from = "pairs",
                     .pairing = "all",
                     .split = "0.5",
                     .labels = "index",
                     .length = "bytes"});
    CHECK(options.items.target == record_target{record_shape::singles, text_style::conversation});
    CHECK(options.records.family == record_family::pairs);
    CHECK(options.items.pairing == pairing::all);
    CHECK(options.parts.size() == 2);
    CHECK(options.rules.measure.of("é") == 2);
    CHECK(options.records.reading.label_numbers == number_label::preferred_index);
    CHECK(test::contains(test::error_of([&] { choose(options, {.to = "dpo"}); }),
                         "there is no format 'dpo'; there are trl"));
    CHECK(!test::error_of([&] { choose(options, {.length = "tokens"}); }).empty()); // of which model?
    CHECK(!test::error_of([&] { choose(options, {.pairing = "some"}); }).empty());
    choose(options, {.chat_format = "chatml"}); // which needs no model, as auto does
    CHECK(!test::error_of([&] { choose(options, {.chat_format = "auto"}); }).empty());
    options.records.columns.first = "a";
    CHECK(test::contains(test::error_of([&] { choose(options, {}); }), "need both names"));
}

TEST_CASE("lengths in tokens are a tokenizer's, and conversations may be written by a chat format") {
    const test::folder folder;
    const auto model = folder.write(
        "tokenizer.json",
        R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "Ġ": 3}, "merges": ["a b"]}, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}, "decoder": {"type": "ByteLevel"}})");
    prepare_options options;
    choose(options, {.chat_format = "chatml", .model = model});
    CHECK(options.rules.measure.unit == "tokens");
    CHECK(options.rules.measure.of("abab a") == 4);
    const chat_message turn{"user", "u"};
    CHECK(options.records.reading.render(std::span(&turn, 1)).starts_with("<|im_start|>user\nu"));
}

TEST_CASE("what became of the records is told, and as JSON") {
    const test::folder folder;
    const auto in = folder.write("in.jsonl", R"({"prompt": "p", "chosen": "a", "rejected": "b"}
{"prompt": "p", "responses": ["x", "y"]})");
    prepare_options options{.inputs = {in}, .out = folder / "out.jsonl"};
    choose(options, {.to = "trl"});
    const auto prepared = prepare_records(options);
    CHECK(test::contains(told(prepared),
                         "in.jsonl: 2 records, 1 read as explicit prompts, 1 read as lists of responses; "
                         "lines written: 1\n  left out: 1 without a label (first: line 2)\n"));
    CHECK(test::contains(told(prepared), "out.jsonl: 1 lines\n"));
    const auto json = to_json(prepared);
    CHECK(json["files"][0]["left_out"]["no_label"]["count"] == 1);
    CHECK(json["outputs"][0]["lines"] == 1);
}
