#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/text/chat/model_chat.hpp>

#include "../../checkpoint/gguf_writer.hpp"
#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("a template is found in its own file, in tokenizer_config.json, among several, and in a GGUF file") {
    const test::folder folder;
    CHECK_FALSE(find_chat_template(folder.path()).has_value());
    const nlohmann::json several = {{{"name", "tool_use"}, {"template", "t"}},
                                    {{"name", "default"}, {"template", "d"}}};
    folder.write("tokenizer_config.json", nlohmann::json{{"chat_template", several}, {"bos_token", "<b>"}}.dump());
    CHECK(find_chat_template(folder.path())->source == "d");
    folder.write("chat_template.jinja", "own");
    folder.write("tokenizer.json", "{}");
    const auto own = find_chat_template(folder / "tokenizer.json");
    CHECK(own->source == "own");
    CHECK(own->begin == "<b>");
    CHECK(test::contains(own->origin, "chat_template.jinja"));

    test::gguf_writer file;
    file.text("tokenizer.chat_template", "{{ bos_token }}");
    file.texts("tokenizer.ggml.tokens", std::vector<std::string>{"a", "<s>"});
    file.number("tokenizer.ggml.bos_token_id", 1);
    const auto path = folder.write("m.gguf", file.file());
    CHECK(find_chat_template(path)->begin == "<s>");
    CHECK(model_chat(*find_chat_template(path)).render(std::vector<chat_message>{{"user", "Hi"}}) == "<s>");
}

TEST_CASE("errors of a template name its place") {
    const auto error = [](const std::string& source) {
        return test::error_of([&] {
            (void)model_chat({source, "", "", "here"}).render(std::vector<chat_message>{{"user", "Hi"}});
        });
    };
    CHECK(error("{% if %}") == "here: line 1: a value was expected, found the end of a tag");
    CHECK(error("\n{{ messages | sort }}") == "here: line 2: the filter 'sort' is not known for a list");
    CHECK(error("{{ raise_exception('no') }}") == "no");
}
