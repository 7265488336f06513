/// \file
/// Conversations as the prompt text that a chat model was trained on: a list of {role, content} in one of the named
/// formats, each of which gives what the model's own chat template gives (see chat_template.hpp, which compares).
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <preflearn/core/chat_message.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/text/characters/unicode.hpp>
#include <preflearn/text/chat/formats.hpp>

namespace preflearn {

/// The text without the white space around it, as Python's str.strip and the templates' `trim` see white space:
/// Unicode's, and the separators U+001C to U+001F.
constexpr std::string_view without_outer_space(std::string_view text) {
    const auto is_outer = [](const character& c) {
        return c.valid && (is_space(c.code) || (c.code >= 0x1C && c.code <= 0x1F));
    };
    while (!text.empty() && is_outer(character_at(text, 0))) text.remove_prefix(character_at(text, 0).bytes);
    while (!text.empty() && is_outer(character_at(text, last_character(text))))
        text = text.substr(0, last_character(text));
    return text;
}

namespace detail {

/// Roles and their order. \throws argument_error naming the turn.
inline void check_turns(const chat_layout& layout, std::span<const chat_message> turns) {
    require(!turns.empty(), "a conversation has no turns");
    const std::size_t first = turns.front().role == "system" ? 1 : 0;
    for (std::size_t i = 0; i < turns.size(); ++i) {
        const std::string_view role = turns[i].role;
        require(role == "system" || role == "user" || role == "assistant", "turn ", i,
                " of a conversation: the role is '", role, "'; system, user and assistant are known");
        require(role != "system" || i == 0, "turn ", i, " of a conversation: a system turn may only come first");
        const std::string_view expected = (i - first) % 2 == 0 ? "user" : "assistant";
        require(!layout.alternates || i < first || role == expected, "turn ", i, " of a conversation: the ", expected,
                "'s was expected, since turns alternate in the format ", layout.name, "; found the ", role, "'s");
    }
    require(layout.system == system_place::own_turn || first == 0 || turns.size() > 1,
            "turn 1 of a conversation: a user's was expected after the system's, since the format ", layout.name,
            " puts the system's text before it");
}

/// Qwen3: what an answer says behind its thoughts, and, in the answer that ends the conversation, the thoughts.
inline std::string thinking_answer(std::string_view content, bool is_last) {
    constexpr std::string_view open = "<think>", close = "</think>";
    const auto without_line_ends = [](std::string_view text, bool begin, bool end) {
        while (begin && text.starts_with('\n')) text.remove_prefix(1);
        while (end && text.ends_with('\n')) text.remove_suffix(1);
        return text;
    };
    std::string_view thought, said = content;
    if (const std::size_t at = content.find(close); at != std::string_view::npos) {
        thought = without_line_ends(content.substr(0, at), false, true);
        if (const std::size_t start = thought.rfind(open); start != std::string_view::npos)
            thought.remove_prefix(start + open.size());
        thought = without_line_ends(thought, true, false);
        said = without_line_ends(content.substr(content.rfind(close) + close.size()), true, false);
    }
    if (!is_last) return std::string(said);
    return std::string("<think>\n")
        .append(without_line_ends(thought, true, true))
        .append("\n</think>\n\n")
        .append(without_line_ends(said, true, false));
}

} // namespace detail

/// The conversation as text. When the last turn is not the assistant's, the start of its answer follows, so that the
/// text is a prompt. A system turn may only come first; formats without system turns put its text before a user's, and
/// some put in a text of their own where there is none (see chat_layout).
/// \throws argument_error naming the turn when a role is unknown or out of place.
inline std::string render_chat(chat_format format, std::span<const chat_message> turns) {
    const chat_layout& layout = layout_of(format);
    detail::check_turns(layout, turns);
    const bool has_system = turns.front().role == "system", own_turn = layout.system == system_place::own_turn;
    const bool each = layout.strips == stripped_turns::each, folded = layout.strips == stripped_turns::folded;
    const bool strips_said = each || folded || layout.strips == stripped_turns::user_and_assistant;
    const auto append = [](std::string& to, std::string_view a, std::string_view b, std::string_view c) {
        to.append(a).append(b).append(c);
    };
    std::string text, system;
    if (has_system || layout.default_system) {
        const std::string_view said = has_system ? turns.front().content : *layout.default_system;
        append(own_turn ? text : system, layout.system_before, each ? without_outer_space(said) : said,
               layout.system_after);
    }
    std::size_t last_user = 0;
    for (std::size_t i = 0; i < turns.size(); ++i)
        if (turns[i].role == "user") last_user = i;
    const std::size_t start = has_system ? 1 : 0;
    const std::size_t system_at = layout.system == system_place::last_user ? last_user : start;
    for (std::size_t i = start; i < turns.size(); ++i) {
        const std::string_view content = turns[i].content;
        const bool is_last = i + 1 == turns.size();
        if (turns[i].role == "assistant") {
            const bool strips = strips_said || layout.strips == stripped_turns::assistant;
            const std::string_view kept = strips ? without_outer_space(content) : content;
            append(text, layout.assistant_before,
                   layout.thinks ? detail::thinking_answer(kept, is_last) : std::string(kept), layout.assistant_after);
            if (is_last) text += layout.conversation_end;
        } else {
            std::string said = i == system_at ? system : "";
            said += strips_said && !folded ? without_outer_space(content) : content;
            if (i > start) text += layout.between;
            append(text, layout.user_before, folded ? without_outer_space(said) : said, layout.user_after);
        }
    }
    if (turns.back().role != "assistant") text += layout.answer_start;
    return text;
}

} // namespace preflearn
