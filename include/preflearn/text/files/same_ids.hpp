/// \file
/// Whether two tokenizers make the same ids of texts that find out: white space, numbers, scripts, marks, code, control
/// characters, special tokens spelled out, and the text of every token. What was written is held against its source.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/core/tokens.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

/// Texts on which tokenizers differ that are not the same.
inline constexpr auto hard_texts = std::to_array<std::string_view>({
    " ",
    "  ",
    "   \n\t  \n",
    " \r\n\r\r\n x",
    "Hello, world!",
    " hello  world   x    ",
    "\n\nHuman: Hi\n\nAssistant: Yes.",
    "1234567890 12 345 3.14159 \u0661\u0662\u0663 \u2177 \u00b2",
    "na\u00efve caf\u00e9 \u00c0\u00c9\u00ce e\u0301 a\u0308\u0323",
    "\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8\u3002 \u4e2d\u6587\uff0c\ud55c\uad6d\uc5b4",
    "\u041f\u0440\u0438\u0432\u0435\u0442 \u0627\u0644\u0639\u0631\u0628\u064a\u0629 "
    "\u0939\u093f\u0928\u094d\u0926\u0940 "
    "\u0e44\u0e17\u0e22",
    "\U0001F600\U0001F44D\U0001F3FD \U0001F468\u200d\U0001F469\u200d\U0001F467 \U0001F1E9\U0001F1EA",
    "def f(x):\n\treturn x**2  # c\n\n\n    if a != b: {}\n",
    "\x01\x1b\x7f \ufeff\u200b\u00a0\u3000",
    "don't I'll WE'VE it's O'Neil 'S \u2019s",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa abababababababab",
    "\u2581\u2581 \u2581x \u2581\u2581\u2581",
    "<0x0A> <0xFF> <unk> <s></s> <pad>",
    "https://example.com/a?b=c&d=%20#e CamelCaseHTTPServerError_snake_case-kebab",
    "\uff26\uff35\uff2c\uff2c \ufb01 \U0001D518 \U00013000 $$$ ### --- ```",
    "<|im_start|>user\nHi<|im_end|>\n<|endoftext|> <bos><start_of_turn>user\nx<end_of_turn>\n<eos>",
});

/// On how many texts they differ, and the first of them.
struct id_comparison {
    std::size_t texts = 0, different = 0;
    std::string first{};
};

inline id_comparison compare_ids(const tokenizer& expected, const tokenizer& found) {
    id_comparison made;
    const auto compare = [&](std::string_view text) {
        ++made.texts;
        if (expected.encode(text) == found.encode(text)) return;
        if (made.different++ == 0) made.first = text;
    };
    for (const std::string_view text : hard_texts) compare(text);
    for (std::size_t id = 0; id < expected.size(); ++id) {
        const std::array one{static_cast<token_id>(id)};
        const std::string text = expected.decode(one);
        compare(text);
        compare("a " + text + text);
    }
    return made;
}

} // namespace preflearn
