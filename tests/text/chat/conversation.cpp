#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/text/chat/conversation.hpp>

#include "../../files.hpp"

using namespace preflearn;
using dialogue = std::vector<chat_message>;

namespace {
const dialogue asked{{"system", "Be brief."}, {"user", "Hi"}, {"assistant", "Hello"}, {"user", "Bye"}};
const dialogue answered{{"user", " Hi "}, {"assistant", "Hello"}};
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

TEST_CASE(
    "formats of models with a system text of their own write it where there is none, and not where there is one") {
    const dialogue question{{"user", "Hi"}};
    CHECK(render_chat(chat_format::qwen2_5, question) ==
          "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n"
          "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
    CHECK(render_chat(chat_format::smollm2, question)
              .starts_with("<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging "
                           "Face<|im_end|>\n"));
    CHECK(render_chat(chat_format::smollm2, asked) == render_chat(chat_format::chatml, asked));
    CHECK(render_chat(chat_format::llama3_1, question)
              .starts_with("<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December "
                           "2023\nToday Date: 26 Jul 2024\n\n<|eot_id|><|start_header_id|>user"));
}

TEST_CASE("the formats of Mistral's models differ in their spaces and in where a system text goes") {
    CHECK(render_chat(chat_format::mistral_v0, asked) == "[INST] Be brief.\n\nHi [/INST]Hello</s>[INST] Bye [/INST]");
    CHECK(render_chat(chat_format::mistral_v1, asked) ==
          " [INST] Be brief.\n\nHi [/INST] Hello</s> [INST] Bye [/INST]");
    CHECK(render_chat(chat_format::mistral_v3, asked) == "[INST] Hi[/INST] Hello</s>[INST] Be brief.\n\nBye[/INST]");
    CHECK(render_chat(chat_format::mistral_tekken, asked) == "[INST]Hi[/INST]Hello</s>[INST]Be brief.\n\nBye[/INST]");
}

TEST_CASE("Phi's and Qwen3's formats end a conversation otherwise than a turn within it") {
    const dialogue two{{"user", "a"}, {"assistant", "<think>\nhm\n</think>\n\nb"}, {"user", "c"}, {"assistant", "d"}};
    CHECK(render_chat(chat_format::phi3, answered) ==
          "<|user|>\n Hi <|end|>\n<|assistant|>\nHello<|end|>\n<|endoftext|>");
    CHECK(render_chat(chat_format::phi4, answered) ==
          "<|im_start|>user<|im_sep|> Hi <|im_end|><|im_start|>assistant<|im_sep|>Hello<|im_end|>");
    CHECK(render_chat(chat_format::qwen3, two) ==
          "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>\n<|im_start|>user\nc<|im_end|>\n"
          "<|im_start|>assistant\n<think>\n\n</think>\n\nd<|im_end|>\n");
    CHECK(test::contains(render_chat(chat_format::qwen3, std::span(two).first(2)),
                         "assistant\n<think>\nhm\n</think>\n\nb<|im_end|>"));
}

TEST_CASE("white space around a turn is what Python strips: Unicode's") {
    const dialogue spaced{{"user", "\u3000hello\u00A0\x1c"}, {"assistant", "\u2028 ok\u0085"}};
    for (const chat_format format : {chat_format::llama2, chat_format::llama3, chat_format::gemma}) {
        const std::string text = render_chat(format, spaced);
        CHECK(text.find("\u3000") == std::string::npos);
        CHECK(text.find("\u00A0") == std::string::npos);
        CHECK(text.find("\u0085") == std::string::npos);
    }
    CHECK(test::contains(render_chat(chat_format::chatml, spaced), "\u3000hello\u00A0"));
    CHECK(without_outer_space(" \u200B a\xFF ") == "\u200B a\xFF"); // no space: zero width, a broken byte
}

TEST_CASE("formats whose templates ask for it refuse turns that do not alternate") {
    const std::vector<dialogue> wrong{{{"user", "a"}, {"user", "b"}},
                                      {{"assistant", "a"}},
                                      {{"system", "s"}, {"assistant", "a"}},
                                      {{"user", "a"}, {"assistant", "b"}, {"assistant", "c"}}};
    for (const auto& [name, format] : chat_formats) {
        const bool alternates = layout_of(format).alternates;
        for (const dialogue& conversation : wrong) {
            const std::string error = test::error_of([&] { (void)render_chat(format, conversation); });
            CHECK(error.empty() != alternates);
        }
    }
    CHECK(test::error_of([&] { (void)render_chat(chat_format::llama2, wrong[0]); }) ==
          "turn 1 of a conversation: the assistant's was expected, since turns alternate in the format llama2; found "
          "the user's");
    CHECK(layout_of(chat_format::gemma).alternates);
}

TEST_CASE("a conversation that ends with the assistant's turn asks for no other") {
    CHECK(render_chat(chat_format::chatml, answered) ==
          "<|im_start|>user\n Hi <|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n");
    CHECK(render_chat(chat_format::llama2, answered) == "[INST] Hi [/INST] Hello </s>");
    CHECK(render_chat(chat_format::transcript, answered) == "\n\nHuman:  Hi \n\nAssistant: Hello");
}

TEST_CASE("with one question the prompt and an answer join to the conversation that has both") {
    for (const auto& [name, format] : chat_formats) {
        const std::string prompt = render_chat(format, dialogue{{"user", "Hi"}});
        const std::string whole = render_chat(format, dialogue{{"user", "Hi"}, {"assistant", "Hello"}});
        CAPTURE(name);
        CHECK(whole.starts_with(prompt));
        CHECK(test::contains(whole.substr(prompt.size()), "Hello"));
    }
}

TEST_CASE("formats are found by name, and unknown names, roles and orders are refused") {
    CHECK(chat_format_named("zephyr") == chat_format::zephyr);
    CHECK(test::contains(test::error_of([] { (void)chat_format_named("chat"); }),
                         "there is no conversation format 'chat'; there are transcript, chatml"));
    const auto error = [](const dialogue& conversation) {
        return test::error_of([&] { (void)render_chat(chat_format::gemma, conversation); });
    };
    CHECK(test::contains(error({{"tool", "x"}}), "turn 0 of a conversation: the role is 'tool'"));
    CHECK(test::contains(error({{"user", "x"}, {"system", "y"}}),
                         "turn 1 of a conversation: a system turn may only come first"));
    CHECK(test::contains(error({{"system", "y"}}), "turn 1 of a conversation: a user's was expected"));
    CHECK(test::contains(error({}), "no turns"));
}
