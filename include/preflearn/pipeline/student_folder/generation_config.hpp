/// \file
/// Where a student stops and what its special tokens are: generation_config.json, and the ids that config.json has.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/pipeline/student_folder/student_card.hpp>
#include <preflearn/text/chat/chat_template.hpp>
#include <preflearn/text/chat/formats.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

/// Ids of special tokens as configurations name them.
struct special_ids {
    std::optional<token_id> begin{}, padding{};
    std::vector<token_id> ends{}; ///< generation stops at any
};

namespace detail {

/// The end of a turn of the format in which the student read conversations, where its tokenizer has it as one token.
inline std::optional<token_id> end_of_turn_token(const student_origin& origin, const tokenizer& words) {
    std::string_view mark;
    if (!origin.chat_format.empty() && origin.chat_format != "auto") {
        mark = end_of_turn(chat_format_named(origin.chat_format));
    } else {
        try {
            mark = end_of_turn(choose_chat_format("auto", origin.model).format);
        } catch (const input_error&) { // no template, or none that is known: then nothing is added
            return std::nullopt;
        }
    }
    const auto token = words.find(mark);
    return token && words.added(*token) != nullptr ? token : std::nullopt;
}

/// An id that JSON gives by that name, if it is one of `size`.
inline std::optional<token_id> id_in(const nlohmann::json& object, const char* name, std::size_t size) {
    const auto& value = member_or_null(object, name);
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() >= size) return std::nullopt;
    return value.get<token_id>();
}

inline nlohmann::json json_at(const std::filesystem::path& path) {
    std::error_code ignored;
    return std::filesystem::exists(path, ignored) ? read_json_file(path) : nlohmann::json();
}

} // namespace detail

/// The ids of a student. `ends` are those at which the model stops, the tokenizer's end token and the end of a turn.
inline special_ids ids_of_student(const student_origin& origin, const tokenizer& words, std::vector<token_id> ends,
                                  std::size_t vocabulary) {
    special_ids ids{.ends = std::move(ends)};
    const auto add = [&](std::optional<token_id> end) {
        if (end && static_cast<std::size_t>(*end) < vocabulary && std::ranges::find(ids.ends, *end) == ids.ends.end())
            ids.ends.push_back(*end);
    };
    add(words.end_token());
    add(detail::end_of_turn_token(origin, words));
    std::error_code ignored;
    if (!std::filesystem::is_directory(origin.model, ignored)) {
        const checkpoint_file file = read_gguf(origin.model);
        ids.begin = detail::id_in(file.metadata(), "tokenizer.ggml.bos_token_id", vocabulary);
        ids.padding = detail::id_in(file.metadata(), "tokenizer.ggml.padding_token_id", vocabulary);
        return ids;
    }
    const nlohmann::json config = detail::json_at(origin.model / "config.json"),
                         generation = detail::json_at(origin.model / "generation_config.json");
    for (const auto& [name, id] :
         {std::pair{"bos_token_id", &special_ids::begin}, std::pair{"pad_token_id", &special_ids::padding}})
        for (const nlohmann::json* const from :
             {&generation, &config, &std::as_const(member_or_null(config, "text_config"))})
            if (!(ids.*id)) ids.*id = detail::id_in(*from, name, vocabulary);
    return ids;
}

/// Puts the ids into what config.json and generation_config.json say.
inline void set_special_ids(nlohmann::ordered_json& config, const special_ids& ids) {
    config["bos_token_id"] = nullptr;
    config["pad_token_id"] = nullptr;
    config["eos_token_id"] = nullptr;
    if (ids.begin) config["bos_token_id"] = *ids.begin;
    if (ids.padding) config["pad_token_id"] = *ids.padding;
    if (ids.ends.size() == 1) config["eos_token_id"] = ids.ends.front();
    if (ids.ends.size() > 1) config["eos_token_id"] = ids.ends;
}

/// What generation_config.json is: the origin's, where it has one, with the student's ids.
inline nlohmann::ordered_json generation_config(const student_origin& origin, const special_ids& ids) {
    nlohmann::ordered_json made = nlohmann::ordered_json::object();
    std::error_code ignored;
    const std::filesystem::path before = origin.model / "generation_config.json";
    if (std::filesystem::is_directory(origin.model, ignored) && std::filesystem::exists(before, ignored))
        made = nlohmann::ordered_json::parse(read_json_file(before).dump());
    set_special_ids(made, ids);
    for (const char* const name : {"bos_token_id", "pad_token_id", "eos_token_id"})
        if (made[name].is_null()) made.erase(name);
    return made;
}

} // namespace preflearn
