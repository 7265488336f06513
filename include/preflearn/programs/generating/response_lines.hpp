/// \file
/// Responses as lines of JSON, one a prompt: {"id", "prompt", "responses": [text, …], "finish": ["stop" | "length", …],
/// "tokens": [n, …], "model"}, with a teacher "scores" and "teacher", too. `label` and `pairs` read them as a prompt
/// with several responses. What is known of a file of them is counted line by line.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/json_id.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/programs/generating/drawn_responses.hpp>
#include <preflearn/programs/generating/prompt_file.hpp>

namespace preflearn {

namespace detail {

inline std::string dumped(const nlohmann::ordered_json& line) {
    return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// A prompt as JSON, its turns' roles first.
inline nlohmann::ordered_json ordered_prompt(const nlohmann::json& written) {
    if (written.is_string()) return written;
    auto turns = nlohmann::ordered_json::array();
    for (const nlohmann::json& turn : written) {
        nlohmann::ordered_json& to = turns.emplace_back();
        for (const char* const first : {"role", "content"})
            if (turn.contains(first)) to[first] = turn.at(first);
        for (const auto& [name, value] : turn.items()) to[name] = value;
    }
    return turns;
}

} // namespace detail

/// \param scores one each, nothing of what was not judged; empty where there is no teacher
inline nlohmann::ordered_json response_line(const written_prompt& prompt, const pair_names& names,
                                            std::span<const drawn_response> responses, std::string_view model,
                                            std::span<const std::optional<double>> scores = {},
                                            std::string_view teacher = {}) {
    nlohmann::ordered_json line{{"id", json_id(names.find(prompt.id))},
                                {"prompt", detail::ordered_prompt(prompt.written)}};
    for (const char* const list : {"responses", "finish", "tokens"}) line[list] = nlohmann::json::array();
    for (const drawn_response& response : responses) {
        line["responses"].push_back(response.text);
        line["finish"].push_back(response.ended ? "stop" : "length");
        line["tokens"].push_back(response.tokens);
    }
    line["model"] = model;
    if (teacher.empty()) return line;
    line["scores"] = nlohmann::json::array();
    for (const auto& score : scores) line["scores"].push_back(score ? nlohmann::ordered_json(*score) : nullptr);
    line["teacher"] = teacher;
    return line;
}

/// What stands for a prompt whose responses the teacher cannot judge, until the run is whole.
inline nlohmann::ordered_json unjudged_line(const left_out_pair& why) {
    return {{"left_out", static_cast<int>(why.reason)}, {"message", why.message}};
}
inline std::optional<left_out_pair> unjudged_in(const nlohmann::json& line) {
    if (!line.contains("left_out")) return std::nullopt;
    return left_out_pair{.reason = static_cast<left_out_reason>(line.at("left_out").get<int>()),
                         .message = line.at("message").get<std::string>()};
}

/// Of many lines.
struct response_counts {
    std::size_t prompts = 0, responses = 0, tokens = 0;
    std::size_t ended = 0;    ///< by themselves
    std::size_t distinct = 0; ///< different ones to one prompt
    std::size_t empty = 0;

    void add(const nlohmann::json& line) {
        ++prompts;
        std::unordered_set<std::string_view> different;
        const nlohmann::json& texts = line.at("responses");
        for (std::size_t i = 0; i < texts.size(); ++i) {
            const std::string_view text = texts[i].get_ref<const std::string&>();
            different.insert(text);
            ++responses;
            tokens += line.at("tokens").at(i).get<std::size_t>();
            ended += line.at("finish").at(i) == "stop";
            empty += text.empty();
        }
        distinct += different.size();
    }
    [[nodiscard]] double share(std::size_t of) const {
        return responses == 0 ? 0 : static_cast<double>(of) / static_cast<double>(responses);
    }
};

} // namespace preflearn
