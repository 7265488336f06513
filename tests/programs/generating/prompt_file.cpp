#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/programs/generating/prompt_file.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

struct asked_prompts {
    test::folder folder;
    record_options options{};

    prompt_file read(const std::string& lines, bool repeats = false) {
        folder.write("prompts.jsonl", lines);
        prompt_file file = read_prompts(folder / "prompts.jsonl", options);
        render_prompts(file, options.reading, repeats);
        return file;
    }
};

} // namespace

TEST_CASE("prompts are read from any form of pairs, and alone") {
    asked_prompts f;
    const prompt_file file =
        f.read(R"({"id":"a","prompt":"one"})"
               "\n"
               R"({"id":7,"prompt":"two","chosen":"x","rejected":"y"})"
               "\n"
               R"({"chosen":"\n\nHuman: hi\n\nAssistant: a","rejected":"\n\nHuman: hi\n\nAssistant: b"})"
               "\n"
               R"({"id":"b","prompt":[{"role":"user","content":"three"}],"label":"maths","score":null})"
               "\n"
               R"({"prompt":"four","completion":"c","label":true})"
               "\n"
               R"({"prompt":"five","responses":["p","q","r"]})"
               "\n"
               R"({"instruction":"six"})"
               "\n");
    REQUIRE(file.prompts.size() == 7);
    CHECK(file.records == 7);
    std::vector<std::string> texts;
    for (const written_prompt& prompt : file.prompts) texts.push_back(prompt.text);
    CHECK(texts == std::vector<std::string>{"one", "two", "\n\nHuman: hi\n\nAssistant:",
                                            "\n\nHuman: three\n\nAssistant:", "four", "five", "six"});
    CHECK(file.names.find(file.prompts[0].id).id == "a");
    CHECK(file.names.find(file.prompts[1].id).number == 7);
    CHECK(file.names.find(file.prompts[2].id).id == "line 3");
    CHECK(file.prompts[3].is_conversation());
    CHECK(file.prompts[3].written == nlohmann::json::parse(R"([{"role":"user","content":"three"}])"));
}

TEST_CASE("a prompt that stands there again is left out, or asked again with random numbers of its own") {
    asked_prompts f;
    const std::string lines = R"({"prompt":"p"})"
                              "\n"
                              R"({"prompt":"q"})"
                              "\n"
                              R"({"prompt":"p","chosen":"x","rejected":"y"})"
                              "\n";
    const prompt_file once = f.read(lines);
    REQUIRE(once.prompts.size() == 2);
    REQUIRE(once.left_out.size() == 1);
    CHECK(once.left_out[0].ordinal == 2);
    CHECK(once.left_out[0].why.reason == left_out_reason::duplicate);
    CHECK(once.left_out[0].why.message == "the prompt of line 1");
    const prompt_file twice = f.read(lines, true);
    REQUIRE(twice.prompts.size() == 3);
    CHECK(twice.left_out.empty());
    CHECK(twice.prompts[0].stream == once.prompts[0].stream);
    CHECK(twice.prompts[2].stream != twice.prompts[0].stream);
    // by the id where there is one, else by the text: neighbours change nothing
    const prompt_file other = f.read("{\"prompt\":\"q\"}\n{\"id\":\"z\",\"prompt\":\"p\"}\n");
    CHECK(other.prompts[0].stream == once.prompts[1].stream);
    CHECK(other.prompts[1].stream == hash_of("z"));
}

TEST_CASE("what is no prompt is an error with its line, or skipped") {
    asked_prompts f;
    CHECK(
        test::contains(test::error_of([&] { f.read("{\"prompt\":\"p\"}\n{\"text\":\"p\"}\n"); }), "prompts.jsonl:2: "));
    CHECK(test::contains(test::error_of([&] { f.read("{\"prompt\":[{\"role\":\"assistant\",\"content\":\"p\"}]}\n"); }),
                         "assistant's turn at its end"));
    CHECK(test::contains(test::error_of([&] { f.read("{\"id\":1,\"prompt\":\"p\"}\n{\"id\":1,\"prompt\":\"q\"}\n"); }),
                         "the id 1 was seen on line 1"));
    CHECK(test::contains(test::error_of([&] { f.read("\n"); }), "holds no prompts"));
    f.options.reading.skip_malformed = true;
    const prompt_file file = f.read("{\"prompt\":\"p\"}\nnonsense\n{\"prompt\":7}\n{\"prompt\":\"q\"}\n");
    CHECK(file.prompts.size() == 2);
    REQUIRE(file.left_out.size() == 2);
    CHECK(file.left_out[1].ordinal == 2);
    CHECK(file.left_out[1].why.name.line == 3);
    CHECK(file.prompts[1].ordinal == 3);
}

TEST_CASE("a system text comes first, and a prompt may have another name") {
    asked_prompts f;
    f.options.columns.prompt = "ask";
    f.options.columns.system = "system";
    const prompt_file file = f.read("{\"ask\":\"p\",\"system\":\"be kind\"}\n");
    CHECK(file.prompts[0].text == "\n\nSystem: be kind\n\nHuman: p\n\nAssistant:");
}
