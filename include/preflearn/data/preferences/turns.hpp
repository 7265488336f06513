/// \file
/// Conversations in JSON, lists of {role, content}, as prompts and responses: where the prompt ends, and the text of
/// either. A turn's other members are known to say nothing to a model, or the turn is refused: what a model would have
/// read (tool calls, reasoning, pictures) is never dropped.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/chat_message.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/json_line.hpp>
#include <preflearn/data/preferences/record.hpp>

namespace preflearn {

/// How many leading turns of two conversations are their prompt: the turns they share, back to the last place where an
/// assistant's turn follows in both, and leaving each a response. It is the HH rule for transcripts, turn by turn; it
/// is TRL's extract_prompt unless the two part at a user's turn. 0 when there is no such place.
inline std::size_t shared_turns(std::span<const chat_message> chosen, std::span<const chat_message> rejected) {
    const auto is_answer = [](const chat_message& turn) { return turn.role == "assistant"; };
    if (chosen.empty() || rejected.empty()) return 0;
    auto shared = static_cast<std::size_t>(std::ranges::mismatch(chosen, rejected).in1 - chosen.begin());
    shared = std::min({shared, chosen.size() - 1, rejected.size() - 1});
    while (shared > 0 && !(is_answer(chosen[shared]) && is_answer(rejected[shared]))) --shared;
    return shared;
}

namespace detail {

/// Whether a value says something: null, false, "", and lists and objects of nothing but these do not.
inline bool has_content(const nlohmann::json& value) {
    if (value.is_structured()) return std::any_of(value.begin(), value.end(), has_content);
    if (value.is_string()) return !value.get_ref<const std::string&>().empty();
    return !value.is_null() && value != false;
}

/// \throws input_error naming a member that a model would have read, or that nobody knows.
inline void check_members(const json_field& turn, const preference_options& options) {
    for (const auto& [name, value] : turn.value->items()) {
        if (name == "role" || name == "content" || !has_content(value)) continue;
        const bool ignored = std::ranges::find(options.ignored_members, name) != options.ignored_members.end();
        require<input_error>(ignored, "field '", turn.name, ".", name,
                             "': has content that is no part of the text here (a turn is {role, content}); write it "
                             "into 'content' as the model is to read it, or remove it");
    }
}

/// The turns of a list of {role, content}, or of one such object; views into the JSON.
inline std::vector<chat_message> turns_of(const json_field& field, const preference_options& options) {
    constexpr auto expected = "a text or a list of turns {role, content}";
    if (!field.present() || !field.is_conversation()) field.fail(expected);
    std::vector<chat_message> turns;
    const auto add = [&](const json_field& turn) {
        if (!turn.value->is_object()) turn.fail("a turn {role, content}");
        check_members(turn, options);
        turns.push_back({turn.member("role").text(), turn.member("content").text()});
    };
    if ((*field).is_object()) {
        add(field);
    } else {
        for (std::size_t i = 0; i < (*field).size(); ++i) add(field.element(i));
    }
    require<input_error>(!turns.empty(), "field '", field.name, "': found an empty list, expected turns");
    return turns;
}

/// The text that follows the prompt's in the text of the whole conversation.
inline std::string answer_text(std::vector<chat_message> turns, std::span<const chat_message> answer,
                               std::string_view prompt, std::string_view name, const conversation_renderer& render) {
    require<input_error>(!answer.empty() && answer.front().role == "assistant" && answer.back().role == "assistant",
                         "field '", name, "': a response begins and ends with a turn of the role 'assistant'");
    turns.insert(turns.end(), answer.begin(), answer.end());
    std::string text = render(turns);
    require<input_error>(text.starts_with(prompt), "field '", name,
                         "': the text of prompt and response does not begin with the text of the prompt");
    return text.substr(prompt.size());
}

/// The prompt of a pair of conversations, and how many of the responses' leading turns are that prompt.
struct conversation_prompt {
    std::vector<chat_message> turns{};
    std::size_t taken = 0;
};

/// Where the prompt ends: it is given as turns, as the text of one, or is what two whole conversations share.
/// \param prompt_turns the turns of `prompt` where it is a conversation, else one user's turn of its text
inline conversation_prompt conversation_prompt_of(const json_field& prompt, std::vector<chat_message> prompt_turns,
                                                  const std::array<json_field, 2>& responses,
                                                  std::span<const chat_message> first,
                                                  std::span<const chat_message> second) {
    conversation_prompt found;
    if (prompt.present() && !prompt.is_text()) {
        found.turns = std::move(prompt_turns);
        const auto begins = [&](std::span<const chat_message> all) {
            return all.size() > found.turns.size() && std::ranges::equal(found.turns, all.first(found.turns.size()));
        };
        if (begins(first) && begins(second)) found.taken = found.turns.size();
    } else if (prompt.present() && first.front().role == "assistant") {
        found.turns = std::move(prompt_turns);
    } else { // the responses are whole conversations
        found.taken = shared_turns(first, second);
        found.turns.assign(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(found.taken));
        require<input_error>(found.taken > 0, "fields '", responses[0].name, "' and '", responses[1].name,
                             "': the conversations share no turns that an assistant's turn follows");
        require<input_error>(!prompt.present() || std::ranges::count(found.turns, prompt_turns.front()) > 0, "field '",
                             prompt.name, "': is not a user's turn that '", responses[0].name, "' and '",
                             responses[1].name, "' share");
    }
    require<input_error>(found.turns.back().role != "assistant", "field '", prompt.name,
                         "': found an assistant's turn at its end, expected a user's");
    return found;
}

inline void read_conversations(preference_record& record, const json_field& prompt,
                               const std::array<json_field, 2>& responses, const preference_options& options) {
    const auto turns_or = [&](const json_field& field, std::string_view role) -> std::vector<chat_message> {
        if (field.is_text()) return {{role, field.text()}};
        return turns_of(field, options);
    };
    const auto first = turns_or(responses[0], "assistant"), second = turns_or(responses[1], "assistant");
    const conversation_prompt found = conversation_prompt_of(
        prompt, prompt.present() ? turns_or(prompt, "user") : std::vector<chat_message>(), responses, first, second);
    record.repeats_prompt = prompt.present() && found.taken > 0;
    record.prompt = options.render(found.turns);
    const auto answer = [&](std::span<const chat_message> all, const json_field& field) {
        return answer_text(found.turns, all.subspan(found.taken), record.prompt, field.name, options.render);
    };
    record.first = answer(first, responses[0]);
    record.second = answer(second, responses[1]);
}

} // namespace detail

} // namespace preflearn
