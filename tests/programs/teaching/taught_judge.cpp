#include <doctest/doctest.h>

#include <filesystem>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/programs/teaching/taught_judge.hpp>

#include "../../files.hpp"
#include "../../pipeline/tiny_models.hpp"

using namespace preflearn;

TEST_CASE("a judge's folder has its template, what it is worth where pairs are labelled, and opens again") {
    test::folder f;
    test::write_reading_model(f / "model");
    f.write("pairs.jsonl", test::tiny_pairs(8));
    f.write("t.txt", "{prompt}? A {first} B {second}:");
    teach_options options{.kind = "judge", .model = f / "model", .data = f / "pairs.jsonl", .out = f / "T"};
    options.judge.file = f / "t.txt";
    chosen_chat_format chat;
    const speaker say = [](const std::string& /*line*/) {};
    const any_loss<double> loss;
    const teaching at{.on = test::on_processor(), .options = options, .chat = chat, .loss = loss, .say = say};
    const auto made = [&] { return teach_judge(at, detail::described(at.on, options, chat, judge_settings(options))); };
    const taught held = made();
    REQUIRE(held.held_out.has_value());
    CHECK(held.held_out->pairs == 8);
    CHECK(held.held_out->positions.total() == 8);
    CHECK(test::contains(to_text(*held.held_out), "asked in both orders"));
    CHECK(test::read(f / "T/template.txt") == "{prompt}? A {first} B {second}:");
    const auto told = nlohmann::json::parse(test::read(f / "T/teacher.json"));
    CHECK(told["evaluation"]["noise"]["pairs"] == 8);
    CHECK(told["files"][0]["path"] == "template.txt");
    f.write("T/template.txt", "{prompt}{first}{second}");
    CHECK(test::contains(test::error_of([&] { (void)open_teacher(f / "T"); }), "was changed since"));

    options.data.clear(); // nothing to be held against; our own template, in a chat format
    options.out = f / "plain";
    options.judge = {.form = judge_form::score};
    options.chat_format = "chatml";
    chat.format = chat_format::chatml;
    CHECK_FALSE(made().held_out.has_value());
    const opened_teacher opened = open_teacher(f / "plain");
    CHECK(opened.description.settings["chat_layout"] == "chatml");
    CHECK_FALSE(opened.chat.render); // what is judged is read as transcripts
    CHECK(load_judge_teacher(opened, at.on).judge({}).all.empty());
    options.judge.file = f / "missing.txt";
    CHECK(test::contains(test::error_of([&] { (void)judge_settings(options); }), "missing.txt"));
}
