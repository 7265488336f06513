#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/data/preferences/transcript.hpp>
#include <preflearn/text/chat/conversation.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("conversations become HH transcripts, prompts end where the answer begins") {
    const std::vector<chat_message> turns{
        {"system", "Be kind."}, {"user", "Hi"}, {"assistant", "Hello"}, {"user", "?"}};
    CHECK(transcript_of(turns) == "\n\nSystem: Be kind.\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: ?\n\nAssistant:");
    for (std::size_t n = 1; n <= turns.size(); ++n) {
        const auto some = std::span(turns).first(n);
        CHECK(transcript_of(some) == render_chat(chat_format::transcript, some)); // the text room's form of the same
    }
    CHECK(transcript_of({}).empty());
    const std::vector<chat_message> unknown{{"user", ""}, {"bot", ""}};
    CHECK(test::error_of([&] { transcript_of(unknown); }) ==
          "turn 1: the role is 'bot', expected system, user or assistant");
}

TEST_CASE("the prompt of two transcripts is what they share up to the last start of an answer") {
    const std::string prompt = "\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant:";
    const auto size = [](std::string_view chosen, std::string_view rejected) {
        return common_prompt_size(chosen, rejected);
    };
    CHECK(size(prompt + " yes", prompt + " no") == prompt.size());
    CHECK(size(prompt + " no", prompt + " nothing") == prompt.size());
    CHECK(size(prompt, prompt + " x") == prompt.size());
    CHECK(size(prompt + " same", prompt + " same") == prompt.size());
    // Where they part at a human's turn, the answer before it is where the responses begin.
    CHECK(size("\n\nHuman: a\n\nAssistant: b\n\nHuman: x\n\nAssistant: y", prompt) ==
          std::string_view("\n\nHuman: a\n\nAssistant:").size());
    // The marker counts only when it is shared whole.
    CHECK(!size("\n\nHuman: a\n\nAssistant: b", "\n\nHuman: a\n\nAssistants"));
    CHECK(!size("\n\nHuman: a", "\n\nHuman: a"));
    CHECK(!size("", ""));
    CHECK(common_prompt_size("Q: x A: y", "Q: x A: z", "A:") == 7U);
}
