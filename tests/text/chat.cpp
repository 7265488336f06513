#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/text/chat.hpp>

#include "../files.hpp"

using namespace preflearn;
using turns = std::vector<chat_message>;

namespace {
const turns asked{{"system", "Be brief."}, {"user", "Hi"}, {"assistant", "Hello"}, {"user", "Bye"}};
const turns answered{{"user", " Hi "}, {"assistant", "Hello"}};
} // namespace

TEST_CASE("each format gives what the models' own chat templates give") {
    CHECK(render_chat(chat_format::transcript, asked) ==
          "\n\nSystem: Be brief.\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Bye\n\nAssistant:");
    CHECK(render_chat(chat_format::chatml, asked) ==
          "<|im_start|>system\nBe "
          "brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n"
          "<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n");
    CHECK(render_chat(chat_format::zephyr, asked) ==
          "<|system|>\nBe brief.</s>\n<|user|>\nHi</s>\n<|assistant|>\nHello</s>\n<|user|>\nBye</s>\n<|assistant|>\n");
    CHECK(render_chat(chat_format::llama2, asked) ==
          "[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHi [/INST] Hello </s><s>[INST] Bye [/INST]");
    CHECK(render_chat(chat_format::llama3, asked) ==
          "<|start_header_id|>system<|end_header_id|>\n\nBe "
          "brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
          "<|start_header_id|>assistant<|end_header_id|>\n\nHello<|eot_id|><|start_header_id|>user<|end_header_id|>"
          "\n\nBye<|eot_id|>"
          "<|start_header_id|>assistant<|end_header_id|>\n\n");
    CHECK(render_chat(chat_format::gemma, asked) ==
          "<start_of_turn>user\nBe "
          "brief.\n\nHi<end_of_turn>\n<start_of_turn>model\nHello<end_of_turn>\n<start_of_turn>user\nBye<end_of_turn>"
          "\n<start_of_turn>model\n");
}

TEST_CASE("a conversation that ends with the assistant's turn asks for no other") {
    CHECK(render_chat(chat_format::chatml, answered) ==
          "<|im_start|>user\n Hi <|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n");
    CHECK(render_chat(chat_format::llama2, answered) == "[INST] Hi [/INST] Hello </s>");
    CHECK(render_chat(chat_format::transcript, answered) == "\n\nHuman:  Hi \n\nAssistant: Hello");
}

TEST_CASE("with one question the prompt and an answer join to the conversation that has both") {
    for (const auto& [name, format] : chat_formats) {
        const std::string prompt = render_chat(format, turns{{"user", "Hi"}});
        const std::string whole = render_chat(format, turns{{"user", "Hi"}, {"assistant", "Hello"}});
        CAPTURE(name);
        CHECK(whole.starts_with(prompt));
        CHECK(test::contains(whole.substr(prompt.size()), "Hello"));
    }
}

TEST_CASE("formats are found by name, and unknown names, roles and orders are refused") {
    CHECK(chat_format_named("zephyr") == chat_format::zephyr);
    CHECK(test::contains(test::error_of([] { (void)chat_format_named("chat"); }),
                         "there is no conversation format 'chat'; there are transcript, chatml"));
    const auto error = [](const turns& conversation) {
        return test::error_of([&] { (void)render_chat(chat_format::gemma, conversation); });
    };
    CHECK(test::contains(error({{"tool", "x"}}), "turn 0 of a conversation: the role is 'tool'"));
    CHECK(test::contains(error({{"user", "x"}, {"system", "y"}}),
                         "turn 1 of a conversation: a system turn may only come first"));
    CHECK(test::contains(error({{"system", "y"}}), "turn 1 of a conversation: a user's was expected"));
    CHECK(test::contains(error({}), "no turns"));
}
