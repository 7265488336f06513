/// \file
/// Texts as turns and turns as texts. An HH transcript is a conversation that is written as text, and becomes one
/// again; any other text prompt is one user's turn, a text response one of the assistant's.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/chat_message.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/json_line.hpp>
#include <preflearn/data/preferences/parse_record.hpp>
#include <preflearn/data/preferences/record.hpp>
#include <preflearn/data/preferences/transcript.hpp>
#include <preflearn/data/preferences/turns.hpp>
#include <preflearn/data/records/reading/response_record.hpp>

namespace preflearn {

/// The turns of a text in HH's form, whose marks "\n\nHuman:", "\n\nAssistant:" and "\n\nSystem:" begin them; the space
/// behind a mark is taken off. Nothing when the text does not begin with a mark. A mark at the end of the text, behind
/// which an answer is to follow, is no turn.
inline std::optional<std::vector<std::pair<std::string, std::string>>> transcript_turns(std::string_view text) {
    constexpr std::array marks{std::pair(std::string_view("\n\nHuman:"), "user"),
                               std::pair(hh_answer_start, "assistant"),
                               std::pair(std::string_view("\n\nSystem:"), "system")};
    std::vector<std::pair<std::string, std::string>> turns;
    for (std::size_t at = 0; at < text.size();) {
        const auto mark =
            std::ranges::find_if(marks, [&](const auto& known) { return text.substr(at).starts_with(known.first); });
        if (mark == marks.end()) return std::nullopt; // only at the beginning
        at += mark->first.size();
        std::size_t end = text.size();
        for (const auto& [next, role] : marks) end = std::min(end, text.find(next, at));
        if (at == text.size() && mark->first == hh_answer_start) break;
        const std::string_view content = text.substr(at, end - at);
        turns.emplace_back(mark->second, content.substr(content.starts_with(' ') ? 1 : 0));
        at = end;
    }
    return turns;
}

namespace detail {

inline nlohmann::json turn(std::string_view role, std::string_view content) {
    using namespace std::string_literals;
    return {{"role"s, role}, {"content"s, content}};
}

/// A turn as {role, content}: ShareGPT's {from, value} are human, gpt and system.
inline nlohmann::json usual_turn(const json_field& field) {
    if (!field.value->is_object()) field.fail("a turn {role, content}");
    nlohmann::json made = *field;
    const json_field from = field.member("from"), value = field.member("value");
    if (!field.member("role").present() && from.present() && value.present()) {
        const std::string_view who = from.text();
        made.erase("from");
        made.erase("value");
        made["role"] = who == "human" ? "user" : who == "gpt" ? "assistant" : who;
        made["content"] = value.text();
        return made;
    }
    if (!field.member("role").present() || field.member("role").text().empty())
        field.member("role").fail("a role, such as user or assistant");
    const json_field content = field.member("content");
    const bool calls = field.member("tool_calls").present() || field.member("function_call").present();
    if (!content.present() && !calls) content.fail("a text");
    require<input_error>(!content.present() || content.is_text() || content.value->is_array(), "field '", content.name,
                         "': found ", content.present() ? content.value->type_name() : "", ", expected a text");
    return made;
}

/// The turns of a list of turns, of one turn, or of a text as one turn of that role.
inline nlohmann::json json_turns(const json_field& field, std::string_view role_of_text) {
    auto turns = nlohmann::json::array();
    if (!field.present()) field.fail("a text or a list of turns {role, content}");
    if (field.is_text()) {
        turns.push_back(turn(role_of_text, field.text()));
    } else if (field.value->is_object()) {
        turns.push_back(usual_turn(field));
    } else if (field.value->is_array()) {
        for (std::size_t i = 0; i < field.value->size(); ++i) turns.push_back(usual_turn(field.element(i)));
    } else {
        field.fail("a text or a list of turns {role, content}");
    }
    require<input_error>(!turns.empty(), "field '", field.name, "': found an empty list, expected turns");
    return turns;
}

/// Turns that are compared as wholes: the content of each is its JSON without members that say nothing to a model.
/// `texts` owns what is viewed.
inline std::vector<chat_message> whole_turns(const nlohmann::json& turns, const std::vector<std::string>& ignored,
                                             std::vector<std::string>& texts) {
    texts.clear();
    texts.reserve(2 * turns.size());
    std::vector<chat_message> made;
    for (nlohmann::json one : turns) {
        const std::string& role = texts.emplace_back(one.at("role").get<std::string>());
        if (one.size() > 2)
            for (const std::string& name : ignored) one.erase(name);
        made.push_back({role, texts.emplace_back(one.dump())});
    }
    return made;
}

/// What messages call a response.
inline std::string response_name(const response_record& record, std::size_t k) {
    if (record.form == record_form::responses) return message("responses[", k, "]");
    const bool pair = record.form == record_form::conversations || record.form == record_form::explicit_text;
    return pair && k < 2 ? (k == 0 ? "chosen" : "rejected") : message("response ", k);
}

/// Whether a text response follows its prompt behind a space that is no part of it.
inline bool has_space_before_answers(const response_record& record) {
    return record.form == record_form::tldr ||
           (record.is_text() && is_transcript_prompt(record.prompt.get_ref<const std::string&>()));
}

} // namespace detail

/// The prompt as turns. \throws input_error for a transcript that is none after all.
inline nlohmann::json prompt_turns(const response_record& record) {
    if (!record.is_text()) return record.prompt;
    const auto& text = record.prompt.get_ref<const std::string&>();
    auto turns = nlohmann::json::array();
    if (!is_transcript_prompt(text)) {
        turns.push_back(detail::turn("user", text));
        return turns;
    }
    const auto found = transcript_turns(text);
    for (const auto& [role, content] : *found) turns.push_back(detail::turn(role, content));
    require<input_error>(!turns.empty() && turns.back().at("role") != "assistant",
                         "the prompt, a transcript, does not end in a turn of the user's");
    return turns;
}

/// A response as turns: what follows in a transcript may be more than one. \throws input_error when it does not end in
/// the assistant's.
inline nlohmann::json response_turns(const response_record& record, std::size_t k) {
    const nlohmann::json& response = record.responses.at(k);
    if (!response.is_string()) return response;
    const std::string_view text = response.get_ref<const std::string&>();
    auto turns = nlohmann::json::array();
    if (!record.is_text() || !is_transcript_prompt(record.prompt.get_ref<const std::string&>())) {
        turns.push_back(detail::turn(
            "assistant", text.substr(text.starts_with(' ') && detail::has_space_before_answers(record) ? 1 : 0)));
        return turns;
    }
    const auto found = transcript_turns(std::string(hh_answer_start) + std::string(text));
    for (const auto& [role, content] : *found) turns.push_back(detail::turn(role, content));
    if (text.empty() || text.ends_with(hh_answer_start)) turns.push_back(detail::turn("assistant", ""));
    require<input_error>(turns.front().at("role") == "assistant" && turns.back().at("role") == "assistant", "response ",
                         k, ", a transcript, does not end in a turn of the assistant's");
    return turns;
}

namespace detail {

inline std::vector<chat_message> checked_turns(const nlohmann::json& turns, std::string name,
                                               const preference_options& options) {
    return turns_of(json_field{&turns, std::move(name)}, options);
}

} // namespace detail

/// The record with its conversations as texts, as options.render writes them. A record of texts stays as it is.
/// \throws preflearn::error for what no chat format here writes (tool calls, pictures, roles that it does not know).
inline response_record as_texts(response_record record, const preference_options& options) {
    if (record.is_text()) return record;
    detail::check_fields(detail::json_field{&record.others, ""});
    const auto turns = detail::checked_turns(record.prompt, "prompt", options);
    const std::string prompt = options.render(turns);
    for (std::size_t k = 0; k < record.responses.size(); ++k) {
        const std::string name = detail::response_name(record, k);
        const nlohmann::json answer = record.responses[k].is_string() ? response_turns(record, k) : record.responses[k];
        record.responses[k] =
            detail::answer_text(turns, detail::checked_turns(answer, name, options), prompt, name, options.render);
    }
    record.prompt = prompt;
    return record;
}

/// The record with its texts as conversations. \throws preflearn::error for columns beside the prompt that a model was
/// to read (a system text), and as prompt_turns and response_turns do.
inline response_record as_conversations(response_record record) {
    if (record.is_text()) detail::check_fields(detail::json_field{&record.others, ""});
    response_record made = record;
    made.prompt = prompt_turns(record);
    for (std::size_t k = 0; k < record.responses.size(); ++k) made.responses[k] = response_turns(record, k);
    return made;
}

/// Prompt and responses as whole transcripts. \throws preflearn::error as as_texts does, and where the transcripts
/// would be read back as another prompt: a text spells a mark.
inline std::vector<std::string> as_transcripts(const response_record& record) {
    std::vector<std::string> whole;
    std::string prompt;
    if (record.is_text() && is_transcript_prompt(record.prompt.get_ref<const std::string&>())) {
        prompt = record.prompt.get<std::string>();
        for (const nlohmann::json& response : record.responses) whole.push_back(prompt + response.get<std::string>());
    } else {
        const preference_options transcripts;
        const response_record turns = as_conversations(record);
        const response_record texts = as_texts(turns, transcripts);
        prompt = texts.prompt.get<std::string>();
        for (std::size_t k = 0; k < texts.responses.size(); ++k) {
            whole.push_back(prompt + texts.responses[k].get<std::string>());
            const auto read = transcript_turns(whole.back());
            bool same = read && read->size() == turns.prompt.size() + turns.responses[k].size();
            for (std::size_t i = 0; same && i < read->size(); ++i) {
                const nlohmann::json& one =
                    i < turns.prompt.size() ? turns.prompt[i] : turns.responses[k][i - turns.prompt.size()];
                same = one.at("role") == (*read)[i].first && one.at("content") == (*read)[i].second;
            }
            require<input_error>(same, "as a transcript it would be read back as other turns");
        }
    }
    for (std::size_t k = 1; k < whole.size(); ++k)
        require<input_error>(common_prompt_size(whole[0], whole[k]) == prompt.size(),
                             "as transcripts the two would be read back with another prompt");
    return whole;
}

} // namespace preflearn
