/// \file
/// A prompt with any number of responses, texts or turns, and which part of the responses is the prompt once more.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
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
#include <preflearn/data/preferences/repeated_prompt.hpp>
#include <preflearn/data/preferences/turns.hpp>
#include <preflearn/data/records/reading/record_turns.hpp>
#include <preflearn/data/records/reading/response_record.hpp>

namespace preflearn::detail {

/// Prompt and responses as turns: a prompt that all responses begin with is taken off, as it is where two are compared.
inline void take_many_turns(response_record& to, const json_field& prompt, const std::vector<json_field>& responses,
                            const preference_options& options) {
    const nlohmann::json asked = json_turns(prompt, "user");
    std::vector<std::string> asked_texts;
    std::vector<std::vector<std::string>> texts(responses.size());
    const std::vector<chat_message> own = whole_turns(asked, options.ignored_members, asked_texts);
    std::vector<nlohmann::json> turns;
    std::vector<std::vector<chat_message>> whole;
    for (std::size_t k = 0; k < responses.size(); ++k) {
        turns.push_back(json_turns(responses[k], "assistant"));
        whole.push_back(whole_turns(turns.back(), options.ignored_members, texts[k]));
    }
    std::size_t taken = 0;
    to.prompt = asked;
    if (prompt.is_text() && responses.size() > 1 && whole[0].front().role != "assistant") { // whole conversations
        taken = whole[0].size();
        for (const auto& one : whole) taken = std::min(taken, shared_turns(whole[0], one));
        require<input_error>(taken > 0, "field 'responses': the conversations share no turns that an assistant's turn "
                                        "follows");
        require<input_error>(std::ranges::count(std::span(whole[0]).first(taken), own.front()) > 0, "field '",
                             prompt.name, "': is not a user's turn that the responses share");
        to.prompt = nlohmann::json::array();
        for (std::size_t i = 0; i < taken; ++i) to.prompt.push_back(turns[0][i]);
    } else if (std::ranges::all_of(whole, [&](const std::vector<chat_message>& one) {
                   return one.size() > own.size() && std::ranges::equal(own, std::span(one).first(own.size()));
               })) {
        taken = own.size();
    }
    require<input_error>(to.prompt.back().at("role") != "assistant", "field '", prompt.name,
                         "': found an assistant's turn at its end, expected a user's");
    for (std::size_t k = 0; k < responses.size(); ++k) {
        turns[k].erase(turns[k].begin(), turns[k].begin() + static_cast<std::ptrdiff_t>(taken));
        require<input_error>(turns[k].front().at("role") == "assistant" && turns[k].back().at("role") == "assistant",
                             "field '", responses[k].name,
                             "': a response begins and ends with a turn of the role 'assistant'");
        to.responses.push_back(std::move(turns[k]));
    }
}

/// Prompt and responses of any number, not two: the prompt is given.
inline void take_many(response_record& to, const json_field& prompt, const std::vector<json_field>& responses,
                      const preference_options& options) {
    if (!prompt.present())
        prompt.fail(message(responses.size() > 1 ? message("the prompt of ", responses.size(), " responses, ") : "",
                            "a text or a list of turns {role, content}"));
    const bool texts = prompt.is_text() && std::ranges::all_of(responses, [](const json_field& response) {
                           return response.present() && response.is_text();
                       });
    if (!texts) return take_many_turns(to, prompt, responses, options);
    const std::string_view asked = prompt.text();
    std::optional<std::size_t> size;
    for (std::size_t k = 1; options.takes_off_prompt && k < responses.size(); ++k) {
        const auto repeated =
            repeated_prompt_size(asked, responses[0].text(), responses[k].text(), options.answer_start);
        if (!repeated || (k > 1 && repeated != size)) {
            size.reset();
            break;
        }
        size = repeated;
    }
    to.repeats_prompt = size.has_value();
    to.prompt = size ? responses[0].text().substr(0, *size) : asked;
    for (const json_field& response : responses) to.responses.push_back(response.text().substr(size.value_or(0)));
}

} // namespace preflearn::detail
