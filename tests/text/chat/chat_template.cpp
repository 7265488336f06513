#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/text/chat/chat_template.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

const std::string chatml_source =
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
const std::string qwen_like =
    "{%- if messages[0]['role'] != 'system' %}\n{{- '<|im_start|>system\\nYou are Qwen, created by Alibaba Cloud. You "
    "are a helpful assistant.<|im_end|>\\n' }}\n{%- endif %}\n" +
    chatml_source;
const std::string gemma_like =
    "{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    "{% for m in messages %}{% set role = 'model' if m.role == 'assistant' else m.role %}"
    "{{ '<start_of_turn>' ~ role ~ '\\n' ~ m.content | trim ~ '<end_of_turn>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}";
/// Gemma 3's puts a system text before the first user's, and takes contents in parts.
const std::string gemma3_like =
    "{{ bos_token }}\n{%- set told = '' -%}{%- set turns = messages -%}\n{%- if messages[0]['role'] == 'system' -%}\n"
    "  {%- set turns = messages[1:] -%}\n  {%- if messages[0]['content'] is string -%}\n"
    "    {%- set told = messages[0]['content'] + '\n\n' -%}\n  {%- else -%}\n"
    "    {%- set told = messages[0]['content'][0]['text'] + '\n\n' -%}\n  {%- endif -%}\n{%- endif -%}\n"
    "{%- for turn in turns -%}\n  {%- if (turn['role'] == 'user') != (loop.index0 % 2 == 0) -%}\n"
    "    {{ raise_exception('turns must alternate') }}\n  {%- endif -%}\n"
    "  {%- if turn['role'] == 'assistant' -%}{%- set role = 'model' -%}{%- else -%}{%- set role = turn['role'] -%}"
    "{%- endif -%}\n  {{ '<start_of_turn>' + role + '\n' + (told if loop.first else '') }}\n"
    "  {%- if turn['content'] is string -%}\n    {{ turn['content'] | trim }}\n"
    "  {%- elif turn['content'] is iterable -%}\n    {%- for part in turn['content'] -%}\n"
    "      {%- if part['type'] == 'image' -%}{{ '<start_of_image>' }}\n"
    "      {%- elif part['type'] == 'text' -%}{{ part['text'] | trim }}{%- endif -%}\n    {%- endfor -%}\n"
    "  {%- else -%}{{ raise_exception('no such content') }}{%- endif -%}\n  {{ '<end_of_turn>\n' }}\n"
    "{%- endfor -%}\n{%- if add_generation_prompt -%}\n  {{'<start_of_turn>model\n'}}\n{%- endif -%}\n";

std::string written_folder(const test::folder& folder, const std::string& source, const std::string& begin = "<s>") {
    folder.write(
        "tokenizer_config.json",
        nlohmann::json{{"chat_template", source}, {"bos_token", begin}, {"eos_token", {{"content", "</s>"}}}}.dump());
    return folder.path().string();
}

} // namespace

TEST_CASE("a template is recognised by what it writes, its default system text included") {
    const test::folder folder;
    const auto recognised = [&](const std::string& source) {
        return choose_chat_format("auto", written_folder(folder, source)).format;
    };
    CHECK(recognised(chatml_source) == chat_format::chatml);
    CHECK(recognised(qwen_like) == chat_format::qwen2_5);
    CHECK(recognised(gemma_like) == chat_format::gemma);
    CHECK(recognised(gemma3_like) == chat_format::gemma);
    CHECK(recognised("{% for m in messages %}\n{{ '<|' + m.role + '|>\\n' + m.content + eos_token }}\n{% if loop.last "
                     "and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}") ==
          chat_format::zephyr);
}

TEST_CASE("what a template refuses or drops is noted, and the begin token that it writes is written") {
    const test::folder folder;
    const chosen_chat_format gemma = choose_chat_format("auto", written_folder(folder, gemma_like, "<bos>"));
    REQUIRE(gemma.notes.size() == 1);
    CHECK(test::contains(gemma.notes[0], "refuses system turns"));
    CHECK(gemma.render(std::vector<chat_message>{{"user", "Hi"}}).starts_with("<bos><start_of_turn>user\n"));
    const chosen_chat_format newer = choose_chat_format("auto", written_folder(folder, gemma3_like, "<bos>"));
    CHECK(newer.notes.empty());
    CHECK(newer.render(std::vector<chat_message>{{"system", "Be brief."}, {"user", "Hi "}}) ==
          "<bos><start_of_turn>user\nBe brief.\n\nHi<end_of_turn>\n<start_of_turn>model\n");
    const chosen_chat_format named = choose_chat_format("gemma", folder.path());
    CHECK(named.notes.empty());
    CHECK(named.render(std::vector<chat_message>{{"user", "Hi"}}).starts_with("<start_of_turn>user\n"));
    // a begin token that is the format's own first mark is not taken for something in front of it
    CHECK(choose_chat_format("auto", written_folder(folder, chatml_source, "<|im_start|>")).format ==
          chat_format::chatml);
}

TEST_CASE("a named format that differs from the file's is noted with the first difference") {
    const test::folder folder;
    const chosen_chat_format chosen = choose_chat_format("chatml", written_folder(folder, qwen_like));
    CHECK(chosen.format == chat_format::chatml);
    REQUIRE(chosen.notes.size() == 1);
    CHECK(test::contains(chosen.notes[0], "writes a system text where a conversation has none"));
    CHECK(test::contains(chosen.notes[0], "You are Qwen"));
    CHECK(choose_chat_format("qwen2.5", folder.path()).notes.empty());
    CHECK(test::contains(choose_chat_format("llama3", folder.path()).notes.at(0), "differs from the format llama3"));
}

TEST_CASE("an unknown template, or none, is refused with the names of the formats; a named format goes without") {
    const test::folder folder;
    const auto error = [&](const std::string& source) {
        const std::string path = written_folder(folder, source);
        return test::error_of([&] { (void)choose_chat_format("auto", path); });
    };
    CHECK(test::contains(error("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"),
                         "none of the formats known here; give a format by name: transcript, chatml"));
    CHECK(test::contains(error("{{ messages | sort }}"), "the filter 'sort' is not known"));
    CHECK(test::contains(error("{{ messages | sort }}"), "give a format by name"));
    CHECK(test::contains(choose_chat_format("zephyr", folder.path()).notes.at(0), "cannot be compared"));
    CHECK(test::contains(error("{{ raise_exception('no') }}"), "refuses a question and its answer"));
    const test::folder empty;
    CHECK(test::contains(test::error_of([&] { (void)choose_chat_format("auto", empty.path()); }),
                         "has no chat template; give a format by name"));
    CHECK(choose_chat_format("zephyr", empty.path()).notes.empty());
    CHECK_THROWS_AS((void)choose_chat_format("chat", empty.path()), argument_error);
}

TEST_CASE("models that read the same texts must have one format, or be given one") {
    const test::folder first, second;
    const std::vector<std::filesystem::path> both{written_folder(first, gemma_like),
                                                  written_folder(second, gemma_like)};
    const chosen_chat_format chosen = choose_chat_format("auto", both);
    CHECK(chosen.format == chat_format::gemma);
    CHECK(chosen.notes.size() == 1);
    CHECK(chosen.render(std::vector<chat_message>{{"user", "Hi"}}).starts_with("<start_of_turn>"));
    written_folder(second, chatml_source);
    CHECK(test::contains(test::error_of([&] { (void)choose_chat_format("auto", both); }),
                         "has the conversation format gemma, "));
    CHECK(choose_chat_format("chatml", both).notes.size() == 1);
}
