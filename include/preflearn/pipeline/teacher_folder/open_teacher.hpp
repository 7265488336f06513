/// \file
/// A teacher's folder, opened: its description, checked, and where its models are. Another base model, chat format or
/// end rule than the teacher's is refused, as is content that was exchanged since.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/chat_message.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_folder/external_command.hpp>
#include <preflearn/pipeline/teacher_folder/folder_parts.hpp>
#include <preflearn/pipeline/teacher_folder/model_identity.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_description.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/text/chat/chat_template.hpp>
#include <preflearn/text/chat/conversation.hpp>
#include <preflearn/text/chat/formats.hpp>

namespace preflearn {

/// What whoever opens a teacher says of it.
struct open_options {
    /// Where the base model is; empty: the folder says it.
    std::filesystem::path model{};
    /// Where the reference is, of a teacher whose reference is another model; empty: the folder says it.
    std::filesystem::path reference{};
    /// Nothing: the teacher's own.
    std::optional<std::string> chat_format{};
    std::optional<bool> end_token{};
    /// The program that a teacher of the kind external asks.
    std::optional<external_command> external{};
};

/// Base models by their weights' content, read once for all that share them.
using loaded_bases = std::map<std::string, any_transformer<float>>;

struct opened_teacher {
    std::filesystem::path folder{};
    teacher_description description{};
    /// Empty where it has none.
    std::filesystem::path base{}, reference{};
    /// How it reads conversations; `render` is empty for HH transcripts.
    chosen_chat_format chat{};
    /// Of the kind external, and of an ensemble that has one: as it was given, never of the folder.
    std::optional<external_command> external{};
    /// Where models are looked for that others have loaded; null: nowhere.
    std::shared_ptr<loaded_bases> bases{};
    /// "folder:1a2b3c4d": the folder's name, and what the teacher is, wherever its models lie.
    std::string name{};
};

/// Whether there is a teacher's folder.
inline bool is_teacher_folder(const std::filesystem::path& folder) {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(folder / "teacher.json", ignored)) return false;
    try {
        return member_or_null(read_json_file(folder / "teacher.json"), "format") == teacher_format;
    } catch (const error&) {
        return false;
    }
}

namespace detail {

/// \throws input_error where the weights in the folder are not those that it was made with.
inline void check_weights(const std::filesystem::path& folder, const teacher_weights& weights) {
    if (weights.path.empty()) return;
    const std::string found = part_hash(folder, weights.path);
    require<input_error>(found == weights.hash, (folder / weights.path).string(),
                         ": was changed since the teacher was made (", found, " now, ", weights.hash, " then)");
}

/// \throws argument_error where another end rule or chat format is asked for than the teacher's.
inline void check_reading(const opened_teacher& opened, const open_options& options) {
    const teacher_description& teacher = opened.description;
    const std::string folder = opened.folder.string();
    require(!options.end_token || *options.end_token == teacher.end_token, folder, ": the teacher ",
            teacher.end_token ? "scores an end token behind every response, and none was asked for"
                              : "scores no end token behind responses, and one was asked for",
            "; its end rule is part of it");
    if (!options.chat_format) return;
    const std::string asked = options.chat_format->empty() ? std::string()
                              : *options.chat_format == "auto"
                                  ? std::string(layout_of(choose_chat_format("auto", opened.base).format).name)
                                  : *options.chat_format;
    require(asked == teacher.chat_layout, folder, ": the teacher reads conversations as ",
            teacher.chat_layout.empty() ? "HH transcripts" : "the format " + teacher.chat_layout, ", not as ",
            asked.empty() ? "HH transcripts" : "the format " + asked, "; its chat format is part of it");
}

/// A hash of what a description says but for the places of models; an ensemble is what its members are.
inline std::uint64_t content_of_teacher(const std::filesystem::path& folder, nlohmann::json json) {
    for (const char* const model : {"base_model", "policy", "reference"})
        if (json.contains(model)) json[model].erase("path");
    if (json.contains("members")) {
        for (nlohmann::json& member : json["members"]) {
            const std::filesystem::path place = folder / member.at("path").get<std::string>();
            member["hash"] = hash_text(content_of_teacher(place, read_json_file(place / "teacher.json")));
        }
        if (json.contains("training")) // whose members and key are by the bytes of the members' descriptions
            for (const char* const of_bytes : {"members", "key"}) json["training"].erase(of_bytes);
    }
    return hash_of(json.dump());
}

} // namespace detail

/// Whether the teacher, or a member of it, is of the kind external. \throws input_error for a folder that is none.
inline bool asks_program(const std::filesystem::path& folder) {
    const std::filesystem::path described = part_of_folder(folder, "teacher.json");
    const teacher_description teacher = parse_teacher(read_json_file(described), described.string());
    return teacher.kind == "external" || std::ranges::any_of(teacher.members, [&](const folder_part& member) {
               return asks_program(part_of_folder(folder, member.path));
           });
}

/// The chat format of a teacher without a model. \throws argument_error for a name that is none.
inline chosen_chat_format named_chat(std::string_view name) {
    return {.format = chat_format_named(name),
            .render = [format = chat_format_named(name)](std::span<const chat_message> turns) {
                return render_chat(format, turns);
            }};
}

/// \throws input_error for a folder that is none, names files outside of it, or whose content was changed; for a base
/// model that is found nowhere or is another one; and for another chat format or end rule than the teacher's.
template <int = on_demand>
opened_teacher open_teacher(const std::filesystem::path& folder, const open_options& options = {}) {
    std::error_code ignored;
    require<input_error>(std::filesystem::is_directory(folder, ignored), folder.string(),
                         ": is no folder; a teacher's folder was expected");
    const std::filesystem::path described = part_of_folder(folder, "teacher.json");
    opened_teacher opened{.folder = folder, .external = options.external};
    const nlohmann::json json = read_json_file(described);
    opened.description = parse_teacher(json, described.string());
    const teacher_description& teacher = opened.description;
    for (const auto& weights : {teacher.policy, teacher.reference})
        if (weights) detail::check_weights(folder, *weights);
    if (!teacher.records.empty()) {
        const std::string found = part_hash(folder, teacher.records);
        require<input_error>(found == teacher.records_hash, (folder / teacher.records).string(),
                             ": was changed since the teacher was made");
    }
    for (const std::vector<folder_part>* const parts : {&teacher.members, &teacher.files})
        for (const folder_part& part : *parts)
            require<input_error>(part_hash(folder, part.path) == part.hash, (folder / part.path).string(),
                                 ": was changed since the teacher was made");
    require(!options.external || teacher.kind == "external" || teacher.kind == "ensemble", folder.string(),
            ": the teacher, of the kind ", teacher.kind, ", asks no external program, and one was given");
    require<input_error>(teacher.base || options.model.empty(), folder.string(), ": the teacher, of the kind ",
                         teacher.kind, ", has no base model, and one was given");
    if (teacher.base) opened.base = find_model(*teacher.base, folder, options.model, "the base model");
    const bool other_reference = teacher.reference && teacher.reference->from == weights_from::outside;
    require<input_error>(other_reference || options.reference.empty(), folder.string(), ": the teacher, of the kind ",
                         teacher.kind, ", has no other model as reference, and one was given");
    if (other_reference)
        opened.reference = find_model(teacher.reference->outside, folder, options.reference, "the reference");
    detail::check_reading(opened, options);
    if (!teacher.chat_format.empty()) {
        std::vector<std::filesystem::path> models{opened.base};
        if (!opened.reference.empty()) models.push_back(opened.reference);
        if (teacher.base)
            opened.chat = choose_chat_format(teacher.chat_format, models);
        else
            opened.chat = named_chat(teacher.chat_format);
        const std::string layout(layout_of(opened.chat.format).name);
        require<input_error>(layout == teacher.chat_layout, folder.string(),
                             ": the teacher was made with the chat format ", teacher.chat_layout, ", and ",
                             opened.base.string(), " has ", layout);
    }
    const std::filesystem::path named =
        std::filesystem::absolute(folder / "").lexically_normal().parent_path().filename();
    opened.name = message(named.string(), ":", hash_text(detail::content_of_teacher(folder, json)).substr(8, 8));
    return opened;
}

} // namespace preflearn
