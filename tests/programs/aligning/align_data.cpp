#include <set>
#include <string>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/programs/aligning/align_data.hpp>

#include "../../files.hpp"
#include "../../pipeline/tiny_models.hpp"

using namespace preflearn;

namespace {

struct read_case {
    test::folder folder{};
    align_options options{};
    example_rules rules{};
    std::string told{};

    align_data read(const std::string& lines) {
        folder.write("L.jsonl", lines);
        options.data = folder / "L.jsonl";
        told.clear();
        return read_align_data(options, rules, options.records, false, {},
                               [&](const std::string& line) { told += line + "\n"; });
    }
};

constexpr auto labelled_line = R"({"id": "a7", "prompt": "p", "chosen": "c", "rejected": "r", "probability": 0.75, )"
                               R"("margin": 1.5, "weight": 0.5, "teacher": "T", "human": 0})"
                               "\n";

} // namespace

TEST_CASE("a line of label is a pair with its probability, margin, weight and human verdict") {
    read_case c;
    c.options.held_out_share = 0;
    const align_data data = c.read(labelled_line);
    REQUIRE(data.learned.size() == 1);
    const align_example& e = data.learned[0];
    CHECK(e.prompt == "p");
    CHECK((e.responses[0] == "c" && e.responses[1] == "r"));
    CHECK(e.verdict.half_win() == 0.75);
    CHECK(e.margin == 1.5);
    CHECK(e.weight == 0.5);
    CHECK(e.human->decision() == choice::second);
    CHECK(data.file.names.find(e.id).id == "a7");
    CHECK(data.file.teachers == std::set<std::string>{"T"});
}

TEST_CASE("completions of a pair have its weight, and names of their own") {
    read_case c;
    c.options.held_out_share = 0;
    c.rules.kind = loss_kind::completions;
    const align_data data = c.read(labelled_line);
    REQUIRE(data.learned.size() == 2);
    CHECK((data.learned[0].desirable && !data.learned[1].desirable));
    CHECK(data.learned[1].weight == 0.5);
    CHECK(data.file.names.find(data.learned[1].id).id == "a7-rejected");
    const align_data singles = c.read(R"({"prompt": "p", "completion": "good", "label": true})"
                                      "\n"
                                      R"({"prompt": "p", "completion": "bad", "label": false})"
                                      "\n");
    CHECK(singles.learned.size() == 2);
}

TEST_CASE("single completions of one prompt are a pair for a loss of pairs") {
    read_case c;
    c.options.held_out_share = 0;
    const align_data data = c.read(R"({"prompt": "p", "completion": "bad", "label": false})"
                                   "\n"
                                   R"({"prompt": "p", "completion": "good", "label": true})"
                                   "\n");
    REQUIRE(data.learned.size() == 1);
    CHECK(data.learned[0].responses[0] == "good");
}

TEST_CASE("whole prompts are held out, and the same ones again") {
    read_case c;
    std::string lines;
    for (int i = 0; i < 30; ++i)
        lines += message(R"({"prompt": "p)", i % 10, R"(", "chosen": "c)", i, R"(", "rejected": "r"})", "\n");
    c.options.held_out_share = 0.2;
    const align_data data = c.read(lines);
    CHECK(data.held_out.size() == 6);
    CHECK(data.learned.size() == 24);
    std::set<std::string_view> prompts;
    for (const align_example& e : data.held_out) prompts.insert(e.prompt);
    CHECK(prompts.size() == 2);
    for (const align_example& e : data.learned) CHECK_FALSE(prompts.contains(e.prompt));
    const align_data again = c.read(lines);
    for (std::size_t i = 0; i < again.held_out.size(); ++i) CHECK(again.held_out[i].id == data.held_out[i].id);
}

TEST_CASE("a file of which all would be held out is a wrong input") {
    read_case c;
    c.options.held_out_share = 0.2;
    const std::string one = R"({"prompt": "p", "chosen": "c", "rejected": "r"})";
    CHECK_THROWS_AS(c.read(one), input_error);
    CHECK(test::contains(test::error_of([&] { c.read(one); }), "--held-out-share 0"));
}

TEST_CASE("what does not fit is left out with its reason and its place") {
    read_case c;
    c.options.held_out_share = 0;
    const align_data data =
        c.read(std::string(labelled_line) + R"({"id": 3, "prompt": "p", "chosen": "c", "rejected": "c"})"
                                            "\n"
                                            R"({"id": 4, "prompt": "p", "responses": ["c", "r"]})"
                                            "\n");
    CHECK(data.learned.size() == 1);
    CHECK(data.file.left_out.count(left_out_reason::identical_responses) == 1);
    CHECK(data.file.left_out.count(left_out_reason::no_label) == 1);
    CHECK(test::contains(c.told, "L.jsonl: 3 records, 1 pairs kept"));
    CHECK(test::contains(c.told, "line 2"));
    c.options.strict = true;
    CHECK(test::contains(test::error_of([&] {
                             c.read(std::string(labelled_line) + R"({"prompt": "p", "chosen": "c", "rejected": "c"})"
                                                                 "\n");
                         }),
                         "--strict"));
    c.options.strict = false;
    CHECK(test::contains(test::error_of([&] {
                             c.read(R"({"prompt": "p", "chosen": "c", "rejected": "r", "weight": -1})"
                                    "\n");
                         }),
                         "L.jsonl:1: field 'weight'"));
    CHECK_THROWS_AS(c.read(R"({"prompt": "p", "responses": ["c", "r"]})"
                           "\n"),
                    input_error);
}

TEST_CASE("conversations are found and read by the chat format") {
    read_case c;
    c.options.held_out_share = 0;
    c.options.records.reading.render = [](std::span<const chat_message> turns) {
        std::string text;
        for (const chat_message& turn : turns) text += std::string(turn.role) + ":" + std::string(turn.content) + ";";
        return text;
    };
    const align_data data = c.read(R"({"prompt": [{"role": "user", "content": "q"}], )"
                                   R"("chosen": [{"role": "assistant", "content": "c"}], )"
                                   R"("rejected": [{"role": "assistant", "content": "r"}]})"
                                   "\n");
    CHECK(data.learned[0].prompt == "user:q;");
    CHECK(data.learned[0].responses[0] == "assistant:c;");
    CHECK(has_conversations(c.options.data, c.options.records));
    c.read(labelled_line);
    CHECK_FALSE(has_conversations(c.options.data, c.options.records));
}
