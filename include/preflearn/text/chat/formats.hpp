/// \file
/// The conversation formats as data: what stands around each turn's text, as the models' own chat templates have it.
/// Left out is the begin-of-text token at the very start (the tokenizer's `begin_token` says whether to add one).
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

enum class chat_format : std::uint8_t {
    transcript,     ///< Anthropic HH: "\n\nHuman: …\n\nAssistant: …"
    chatml,         ///< <|im_start|>role\n…<|im_end|>\n
    zephyr,         ///< Zephyr, TinyLlama-Chat: <|role|>\n…</s>\n
    llama2,         ///< Llama-2-Chat: [INST] … [/INST]
    llama3,         ///< Llama-3-Instruct: <|start_header_id|>role<|end_header_id|>\n\n…<|eot_id|>
    gemma,          ///< Gemma: <start_of_turn>role\n…<end_of_turn>\n; a system text goes before the first user's
    smollm2,        ///< SmolLM2-Instruct: chatml with its system text where there is none
    qwen2,          ///< Qwen1.5 and Qwen2: the same with theirs
    qwen2_5,        ///< Qwen2.5: the same with its own
    qwen3,          ///< Qwen3: chatml, with an empty thought before the last answer
    qwen3_5,        ///< Qwen3.5: the same, stripped, and prompts end within the thought
    qwen3_5_silent, ///< Qwen3.5's models that do not think: the same, and prompts end behind the empty thought
    llama3_1,       ///< Llama 3.1, 3.2, 3.3: always a system turn, which begins with dates (26 Jul 2024)
    mistral_v0,     ///< Mistral-7B-Instruct of 2023: [INST] … [/INST]…</s>
    mistral_v1,     ///< Mistral-7B-Instruct-v0.1 and v0.2 as they are now: a space before [INST] and answers
    mistral_v3,     ///< Mistral-7B-Instruct-v0.3, Mistral-Large: [INST] …[/INST] …</s>
    mistral_tekken, ///< Mistral-Nemo: [INST]…[/INST]…</s>
    phi3,           ///< Phi-3 and 3.5: <|role|>\n…<|end|>\n, <|endoftext|> at the very end
    phi3_first,     ///< the same without that end, as Phi-3 had it first
    phi4,           ///< Phi-4: <|im_start|>role<|im_sep|>…<|im_end|>
    phi4_mini,      ///< Phi-4-mini: <|role|>…<|end|>, <|endoftext|> at the very end
    granite3,       ///< Granite 3.0: <|start_of_role|>role<|end_of_role|>…<|end_of_text|>\n
    openchat,       ///< OpenChat 3.5: GPT4 Correct User: …<|end_of_turn|>
};

/// Where a system text goes.
enum class system_place : std::uint8_t {
    own_turn,
    first_user, ///< in front of the first user's text
    last_user,  ///< in front of the last user's text
};

/// Which texts lose the white space around them (what Python's str.strip takes).
enum class stripped_turns : std::uint8_t {
    none,
    each,   ///< each turn's text
    folded, ///< each, after the system text was put in front
    user_and_assistant,
    assistant,
};

/// What stands around the texts of a conversation.
struct chat_layout {
    std::string_view name;
    std::string_view user_before, user_after, assistant_before, assistant_after;
    /// Around a system text, in its own turn or in front of the user's.
    std::string_view system_before, system_after;
    /// After the last turn, where that is not the assistant's.
    std::string_view answer_start;
    /// Ends an assistant's turn; sampling may stop there.
    std::string_view end_of_turn;
    system_place system = system_place::own_turn;
    /// The system text where the conversation has none; nothing: then there is no system turn.
    std::optional<std::string_view> default_system{};
    stripped_turns strips = stripped_turns::none;
    /// Behind the optional system text the user's and the assistant's turns must alternate, the user's first.
    bool alternates = false;
    /// Before every user's turn but the first.
    std::string_view between{};
    /// After the assistant's turn that ends the conversation.
    std::string_view conversation_end{};
    /// Before the text of the answer that ends the conversation; earlier answers lose theirs (Qwen3's thoughts).
    bool thinks = false;
};

namespace detail {

constexpr chat_layout chatml_layout(std::string_view name, std::optional<std::string_view> default_system = {},
                                    bool thinks = false) {
    return {.name = name,
            .user_before = "<|im_start|>user\n",
            .user_after = "<|im_end|>\n",
            .assistant_before = "<|im_start|>assistant\n",
            .assistant_after = "<|im_end|>\n",
            .system_before = "<|im_start|>system\n",
            .system_after = "<|im_end|>\n",
            .answer_start = "<|im_start|>assistant\n",
            .end_of_turn = "<|im_end|>",
            .default_system = default_system,
            .thinks = thinks};
}

constexpr chat_layout thinking_layout(std::string_view name, std::string_view answer_start) {
    chat_layout made = chatml_layout(name, {}, true);
    made.answer_start = answer_start;
    made.strips = stripped_turns::each;
    return made;
}

constexpr chat_layout llama3_layout(std::string_view name, std::string_view system_before,
                                    std::optional<std::string_view> default_system) {
    return {.name = name,
            .user_before = "<|start_header_id|>user<|end_header_id|>\n\n",
            .user_after = "<|eot_id|>",
            .assistant_before = "<|start_header_id|>assistant<|end_header_id|>\n\n",
            .assistant_after = "<|eot_id|>",
            .system_before = system_before,
            .system_after = "<|eot_id|>",
            .answer_start = "<|start_header_id|>assistant<|end_header_id|>\n\n",
            .end_of_turn = "<|eot_id|>",
            .default_system = default_system,
            .strips = stripped_turns::each};
}

constexpr chat_layout mistral_layout(std::string_view name, std::string_view before, std::string_view after,
                                     std::string_view answer, system_place system, stripped_turns strips) {
    return {.name = name,
            .user_before = before,
            .user_after = after,
            .assistant_before = answer,
            .assistant_after = "</s>",
            .system_before = "",
            .system_after = "\n\n",
            .answer_start = "",
            .end_of_turn = "</s>",
            .system = system,
            .strips = strips,
            .alternates = true};
}

/// <|role|> turns: `gap` follows the role, `end` the text.
constexpr chat_layout role_layout(std::string_view name, std::array<std::string_view, 3> starts, std::string_view end,
                                  std::string_view end_of_turn, std::string_view conversation_end = {}) {
    return {.name = name,
            .user_before = starts[0],
            .user_after = end,
            .assistant_before = starts[1],
            .assistant_after = end,
            .system_before = starts[2],
            .system_after = end,
            .answer_start = starts[1],
            .end_of_turn = end_of_turn,
            .conversation_end = conversation_end};
}

inline constexpr std::array<std::string_view, 3> bar_roles = {"<|user|>\n", "<|assistant|>\n", "<|system|>\n"};

} // namespace detail

/// By the order of `chat_format`.
inline constexpr std::array<chat_layout, 23> chat_layouts = {{
    {.name = "transcript",
     .user_before = "\n\nHuman: ",
     .user_after = "",
     .assistant_before = "\n\nAssistant: ",
     .assistant_after = "",
     .system_before = "\n\nSystem: ",
     .system_after = "",
     .answer_start = "\n\nAssistant:",
     .end_of_turn = "\n\nHuman:"},
    detail::chatml_layout("chatml"),
    detail::role_layout("zephyr", detail::bar_roles, "</s>\n", "</s>"),
    {.name = "llama2",
     .user_before = "[INST] ",
     .user_after = " [/INST]",
     .assistant_before = " ",
     .assistant_after = " </s>",
     .system_before = "<<SYS>>\n",
     .system_after = "\n<</SYS>>\n\n",
     .answer_start = "",
     .end_of_turn = "</s>",
     .system = system_place::first_user,
     .strips = stripped_turns::folded,
     .alternates = true,
     .between = "<s>"},
    detail::llama3_layout("llama3", "<|start_header_id|>system<|end_header_id|>\n\n", {}),
    {.name = "gemma",
     .user_before = "<start_of_turn>user\n",
     .user_after = "<end_of_turn>\n",
     .assistant_before = "<start_of_turn>model\n",
     .assistant_after = "<end_of_turn>\n",
     .system_before = "",
     .system_after = "\n\n",
     .answer_start = "<start_of_turn>model\n",
     .end_of_turn = "<end_of_turn>",
     .system = system_place::first_user,
     .strips = stripped_turns::user_and_assistant,
     .alternates = true},
    detail::chatml_layout("smollm2", "You are a helpful AI assistant named SmolLM, trained by Hugging Face"),
    detail::chatml_layout("qwen2", "You are a helpful assistant."),
    detail::chatml_layout("qwen2.5", "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."),
    detail::chatml_layout("qwen3", {}, true),
    detail::thinking_layout("qwen3.5", "<|im_start|>assistant\n<think>\n"),
    detail::thinking_layout("qwen3.5-silent", "<|im_start|>assistant\n<think>\n\n</think>\n\n"),
    detail::llama3_layout("llama3.1",
                          "<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December "
                          "2023\nToday Date: 26 Jul 2024\n\n",
                          ""),
    detail::mistral_layout("mistral-v0", "[INST] ", " [/INST]", "", system_place::first_user, stripped_turns::none),
    detail::mistral_layout("mistral-v1", " [INST] ", " [/INST]", " ", system_place::first_user, stripped_turns::none),
    detail::mistral_layout("mistral-v3", "[INST] ", "[/INST]", " ", system_place::last_user, stripped_turns::assistant),
    detail::mistral_layout("mistral-tekken", "[INST]", "[/INST]", "", system_place::last_user, stripped_turns::none),
    detail::role_layout("phi3", detail::bar_roles, "<|end|>\n", "<|end|>", "<|endoftext|>"),
    detail::role_layout("phi3-first", detail::bar_roles, "<|end|>\n", "<|end|>"),
    detail::role_layout(
        "phi4", {"<|im_start|>user<|im_sep|>", "<|im_start|>assistant<|im_sep|>", "<|im_start|>system<|im_sep|>"},
        "<|im_end|>", "<|im_end|>"),
    detail::role_layout("phi4-mini", {"<|user|>", "<|assistant|>", "<|system|>"}, "<|end|>", "<|end|>",
                        "<|endoftext|>"),
    detail::role_layout("granite3",
                        {"<|start_of_role|>user<|end_of_role|>", "<|start_of_role|>assistant<|end_of_role|>",
                         "<|start_of_role|>system<|end_of_role|>"},
                        "<|end_of_text|>\n", "<|end_of_text|>"),
    {.name = "openchat",
     .user_before = "GPT4 Correct User: ",
     .user_after = "<|end_of_turn|>",
     .assistant_before = "GPT4 Correct Assistant: ",
     .assistant_after = "<|end_of_turn|>",
     .system_before = "GPT4 Correct System: ",
     .system_after = "<|end_of_turn|>",
     .answer_start = "GPT4 Correct Assistant:",
     .end_of_turn = "<|end_of_turn|>"},
}};

constexpr const chat_layout& layout_of(chat_format format) { return chat_layouts[static_cast<std::size_t>(format)]; }

struct named_chat_format {
    std::string_view name;
    chat_format format;
};
inline constexpr auto chat_formats = [] {
    std::array<named_chat_format, chat_layouts.size()> all{};
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = {chat_layouts[i].name, static_cast<chat_format>(i)};
    return all;
}();

/// "transcript, chatml, …"
inline std::string chat_format_names() {
    std::string names;
    for (const auto& known : chat_formats) names += (names.empty() ? "" : ", ") + std::string(known.name);
    return names;
}

/// \throws argument_error listing the names when there is no such format.
inline chat_format chat_format_named(std::string_view name) {
    for (const auto& known : chat_formats)
        if (known.name == name) return known.format;
    throw argument_error(message("there is no conversation format '", name, "'; there are ", chat_format_names()));
}

/// The text that ends an assistant's turn in a format, where sampling may stop.
constexpr std::string_view end_of_turn(chat_format format) { return layout_of(format).end_of_turn; }

} // namespace preflearn
