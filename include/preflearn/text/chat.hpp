/// \file
/// Named conversation formats: a list of {role, content} as the prompt text that a chat model was trained on. Written
/// as code, not as a template language, so that what a model sees can be read here; each gives what the model's
/// own chat template gives. Left out are begin-of-text tokens (the tokenizer's `begin_token` says whether to add one)
/// and the system text that some models (SmolLM2, Qwen) insert when there is none: give it as a turn.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include <preflearn/core/chat_message.hpp>
#include <preflearn/core/error.hpp>

namespace preflearn {

enum class chat_format : std::uint8_t {
    transcript, ///< Anthropic HH: "\n\nHuman: …\n\nAssistant: …"
    chatml,     ///< Qwen, SmolLM: <|im_start|>role\n…<|im_end|>\n
    zephyr,     ///< Zephyr, TinyLlama-Chat: <|role|>\n…</s>\n
    llama2,     ///< Llama-2-Chat: [INST] … [/INST]
    llama3,     ///< Llama-3-Instruct: <|start_header_id|>role<|end_header_id|>\n\n…<|eot_id|>
    gemma,      ///< Gemma: <start_of_turn>role\n…<end_of_turn>\n; a system text goes before the first user's
};

struct named_chat_format {
    std::string_view name;
    chat_format format;
};
inline constexpr std::array<named_chat_format, 6> chat_formats = {{{"transcript", chat_format::transcript},
                                                                   {"chatml", chat_format::chatml},
                                                                   {"zephyr", chat_format::zephyr},
                                                                   {"llama2", chat_format::llama2},
                                                                   {"llama3", chat_format::llama3},
                                                                   {"gemma", chat_format::gemma}}};

/// \throws argument_error listing the names when there is no such format.
inline chat_format chat_format_named(std::string_view name) {
    std::string names;
    for (const auto& known : chat_formats) {
        if (known.name == name) return known.format;
        names += (names.empty() ? "" : ", ") + std::string(known.name);
    }
    throw argument_error(message("there is no conversation format '", name, "'; there are ", names));
}

/// The text that ends an assistant's turn in a format, where sampling may stop.
constexpr std::string_view end_of_turn(chat_format format) {
    switch (format) {
    case chat_format::transcript:
        return "\n\nHuman:";
    case chat_format::chatml:
        return "<|im_end|>";
    case chat_format::zephyr:
    case chat_format::llama2:
        return "</s>";
    case chat_format::llama3:
        return "<|eot_id|>";
    case chat_format::gemma:
        return "<end_of_turn>";
    }
    return "";
}

namespace detail {

inline std::string_view without_outer_space(std::string_view text) {
    constexpr std::string_view space = " \t\n\r\v\f";
    const std::size_t begin = text.find_first_not_of(space);
    return begin == std::string_view::npos ? std::string_view{}
                                           : text.substr(begin, text.find_last_not_of(space) + 1 - begin);
}

inline void append_all(std::string& text, std::initializer_list<std::string_view> parts) {
    for (const std::string_view part : parts) text += part;
}

/// One turn. `system`: the system's text, for formats that fold it into the first user turn.
inline void append_turn(std::string& text, chat_format format, const chat_message& turn, std::string_view system) {
    const bool user = turn.role == "user", assistant = turn.role == "assistant";
    switch (format) {
    case chat_format::transcript:
        append_all(text, {"\n\n", user ? "Human: " : assistant ? "Assistant: " : "System: ", turn.content});
        break;
    case chat_format::chatml:
        append_all(text, {"<|im_start|>", turn.role, "\n", turn.content, "<|im_end|>\n"});
        break;
    case chat_format::zephyr:
        append_all(text, {"<|", turn.role, "|>\n", turn.content, "</s>\n"});
        break;
    case chat_format::llama2:
        if (assistant) {
            append_all(text, {" ", without_outer_space(turn.content), " </s>"});
        } else {
            std::string content;
            if (!system.empty()) append_all(content, {"<<SYS>>\n", system, "\n<</SYS>>\n\n"});
            content += turn.content;
            append_all(text, {text.empty() ? "" : "<s>", "[INST] ", without_outer_space(content), " [/INST]"});
        }
        break;
    case chat_format::llama3:
        append_all(text, {"<|start_header_id|>", turn.role, "<|end_header_id|>\n\n", without_outer_space(turn.content),
                          "<|eot_id|>"});
        break;
    case chat_format::gemma:
        append_all(text, {"<start_of_turn>", assistant ? "model" : "user", "\n", system, system.empty() ? "" : "\n\n",
                          without_outer_space(turn.content), "<end_of_turn>\n"});
        break;
    }
}

constexpr std::string_view start_of_answer(chat_format format) {
    switch (format) {
    case chat_format::transcript:
        return "\n\nAssistant:";
    case chat_format::chatml:
        return "<|im_start|>assistant\n";
    case chat_format::zephyr:
        return "<|assistant|>\n";
    case chat_format::llama2:
        return "";
    case chat_format::llama3:
        return "<|start_header_id|>assistant<|end_header_id|>\n\n";
    case chat_format::gemma:
        return "<start_of_turn>model\n";
    }
    return "";
}

} // namespace detail

/// The conversation as text. When the last turn is not the assistant's, the start of its answer follows, so that the
/// text is a prompt. A system turn may only come first (formats without system turns fold it into the user's first).
/// \throws argument_error naming the turn when a role is unknown or out of place.
inline std::string render_chat(chat_format format, std::span<const chat_message> turns) {
    require(!turns.empty(), "a conversation has no turns");
    const bool folds = format == chat_format::llama2 || format == chat_format::gemma;
    std::string text;
    std::string_view system;
    for (std::size_t i = 0; i < turns.size(); ++i) {
        const std::string_view role = turns[i].role;
        require(role == "system" || role == "user" || role == "assistant", "turn ", i,
                " of a conversation: the role is '", role, "'; system, user and assistant are known");
        require(role != "system" || i == 0, "turn ", i, " of a conversation: a system turn may only come first");
        if (folds && role == "system") {
            require(turns.size() > 1 && turns[1].role == "user",
                    "turn 1 of a conversation: a user's was expected after the system's");
            system = turns[i].content;
            continue;
        }
        detail::append_turn(text, format, turns[i], system);
        system = {};
    }
    if (turns.back().role != "assistant") text += detail::start_of_answer(format);
    return text;
}

} // namespace preflearn
