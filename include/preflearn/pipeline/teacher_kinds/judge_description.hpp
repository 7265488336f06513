/// \file
/// What teacher.json says of a prompted judge, in its `settings`: its template, a file of the folder, and how it is
/// asked.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_description.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_fields.hpp>

namespace preflearn {

/// The name of a template that is copied into a folder.
inline constexpr const char* judge_template_name = "template.txt";

struct judge_description {
    /// The template, one of the teacher's files.
    std::string path = judge_template_name;
    /// Tokens of a reason that is written before the answer; 0: none is.
    std::size_t reason_tokens = 0;
    /// At which reasons are drawn, 0: the likeliest tokens; and their seed.
    double temperature = 0;
    std::uint64_t seed = 0;
    /// The chat format that the question is wrapped in, as it was asked for, and which it is; empty: none.
    std::string chat_format{}, chat_layout{};
};

inline nlohmann::ordered_json to_json(const judge_description& judge) {
    using namespace std::string_literals;
    nlohmann::ordered_json json{{"template"s, judge.path}, {"reason_tokens"s, judge.reason_tokens}};
    if (judge.reason_tokens > 0) json["temperature"] = judge.temperature;
    if (judge.reason_tokens > 0) json["seed"] = judge.seed;
    if (!judge.chat_format.empty()) json["chat_format"] = judge.chat_format;
    if (!judge.chat_layout.empty()) json["chat_layout"] = judge.chat_layout;
    return json;
}

/// \param place what messages call teacher.json
/// \throws input_error naming the member, what was found and what was expected.
inline judge_description read_judge(const teacher_description& teacher, const std::string& place) {
    const nlohmann::json settings = teacher.settings;
    const teacher_fields in(settings, place + ": 'settings'");
    const double tokens = in.number("reason_tokens", 0), temperature = in.number("temperature", 0);
    require<input_error>(tokens >= 0 && tokens <= 1e9 && temperature >= 0, in.place(), ": 'reason_tokens' is ", tokens,
                         " and 'temperature' ", temperature, ", numbers of at least 0 were expected");
    const nlohmann::json& seed = in.at("seed");
    require<input_error>(seed.is_null() || seed.is_number_unsigned(), in.place(), ": 'seed' is ", seed.dump(),
                         ", a whole number was expected");
    judge_description judge{.path = in.text("template"),
                            .reason_tokens = static_cast<std::size_t>(tokens),
                            .temperature = temperature,
                            .seed = seed.is_null() ? 0 : seed.get<std::uint64_t>(),
                            .chat_format = in.text("chat_format", ""),
                            .chat_layout = in.text("chat_layout", "")};
    bool known = false; // one whose content was looked at
    for (const folder_part& file : teacher.files) known = known || file.path == judge.path;
    require<input_error>(known, in.place(), ": the template ", excerpt{judge.path}, " is none of the teacher's files");
    return judge;
}

} // namespace preflearn
