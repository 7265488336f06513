#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/data/preferences/preference_reader.hpp>
#include <preflearn/policy/text/encoded_texts.hpp>
#include <preflearn/text/chat/conversation.hpp>
#include <preflearn/text/files/load.hpp>

#include "field_file.hpp"

using namespace preflearn;

// TRL adds no end token to conversations, and to texts only where it is missing.
TEST_CASE("what ends in an end token gets no second one") {
    const auto model = test::field_file("context128");
    const auto conversation = test::field_file("conversation.jsonl"), text = test::field_file("text_with_eos.jsonl");
    if (model.empty() || conversation.empty() || text.empty()) return;
    encoded_texts texts(load_tokenizer(model));
    const token_id end = texts.words().end_token().value();
    CHECK(texts.words().token_text(end) == "<|im_end|>");
    const auto ends_of = [&](const std::filesystem::path& file, chat_format format) {
        preference_options options;
        options.render = [format](auto turns) { return render_chat(format, turns); };
        preference_reader reader(file, options);
        const auto pair = reader.next();
        REQUIRE(pair.has_value());
        std::vector<std::ptrdiff_t> counts;
        for (const std::string& response : {pair->first, pair->second}) {
            const token_span ids = texts.pair(pair->prompt, response, response_end::end_token).response;
            counts.push_back(std::ranges::count(ids, end));
        }
        return counts;
    };
    using counts = std::vector<std::ptrdiff_t>;
    CHECK(ends_of(conversation, chat_format::chatml) == counts{1, 1});
    CHECK(ends_of(conversation, chat_format::llama3) == counts{0, 0});     // it ends in <|eot_id|>
    CHECK(ends_of(conversation, chat_format::zephyr) == counts{0, 0});     // and this one in </s>
    CHECK(ends_of(conversation, chat_format::transcript) == counts{1, 1}); // a transcript has no end of its own
    CHECK(ends_of(text, chat_format::transcript) == counts{1, 1});
}

TEST_CASE("Unicode's white space around a turn is stripped, as templates do") {
    const auto file = test::field_file("unicode_space_turn.json");
    if (file.empty()) return;
    const nlohmann::json conversation = read_json_file(file);
    std::vector<chat_message> turns;
    for (const auto& turn : conversation["m"])
        turns.push_back({turn["role"].get_ref<const std::string&>(), turn["content"].get_ref<const std::string&>()});
    CHECK(render_chat(chat_format_named(conversation["f"].get<std::string>()), turns) ==
          "<|start_header_id|>user<|end_header_id|>\n\nhello<|eot_id|>"
          "<|start_header_id|>assistant<|end_header_id|>\n\n");
}
