/// \file
/// The kinds that have no model: the longer response, an external program, verdicts that were recorded, which are
/// copied into the folder, and several teachers as one, whose folders are.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_folder/folder_parts.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_description.hpp>
#include <preflearn/pipeline/teacher_kinds/external.hpp>
#include <preflearn/pipeline/teacher_kinds/recorded.hpp>
#include <preflearn/programs/teaching/member_reliabilities.hpp>
#include <preflearn/programs/teaching/taught_folder.hpp>
#include <preflearn/programs/teaching/taught_kind.hpp>
#include <preflearn/programs/teaching/teach_data.hpp>
#include <preflearn/programs/teaching/teach_options.hpp>
#include <preflearn/report/run/file_hash.hpp>
#include <preflearn/report/run/manifest.hpp>

namespace preflearn {

/// Of the command only what tells another one: it may hold what is nobody's business.
inline nlohmann::ordered_json external_settings(const teach_options& options) {
    return {{"program", std::filesystem::path(options.external->words.front()).filename().string()},
            {"command", command_hash(*options.external)}};
}

/// Makes the folder of such a teacher. \throws input_error for files that cannot be read or written
inline taught teach_without_model(const teaching& at, teacher_description told) {
    const teach_options& options = at.options;
    taught made{.description = std::move(told)};
    const bool recorded = options.kind == "recorded";
    preference_options reading = options.reading;
    if (!options.chat_format.empty()) {
        require(options.chat_format != "auto", "the chat format auto is a model's, and the kind ", options.kind,
                " has none");
        reading.render = named_chat(options.chat_format).render;
    }
    if (recorded) read_recorded(options.data, options.beta); // refuses what cannot be read
    teach_options held = options;
    const bool by_votes = options.kind == "ensemble" && options.combination == "dawid_skene";
    if (recorded) held.data.clear(); // which are verdicts
    if (by_votes && held.held_out.empty() && read_preferences(options.data, reading).labels().empty())
        held.data.clear(); // which is voted on, without labels
    const teach_data data = read_unlearned(held, reading, at.say);
    made.description.maximum_tokens = unlimited_length;
    write_teacher(at.on, options, data, made, [&](const std::filesystem::path& folder) {
        std::error_code failure;
        for (std::size_t m = 0; m < options.members.size(); ++m) {
            const std::string name = message("members/", m);
            require<input_error>(is_teacher_folder(options.members[m]), options.members[m].string(),
                                 ": a teacher's folder was expected as a member (--member)");
            const nlohmann::json member = read_json_file(options.members[m] / "teacher.json");
            require<input_error>(member_or_null(member, "kind") != "ensemble", options.members[m].string(),
                                 ": is an ensemble within one; give its members");
            make_folder(folder / name);
            std::filesystem::copy(
                options.members[m], folder / name,
                std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks, failure);
            require<input_error>(!failure, (folder / name).string(), ": cannot be written: ", failure.message());
            made.description.members.push_back({name, part_hash(folder, name)});
        }
        if (by_votes) put_reliabilities(at, folder, reading, made.description);
        if (!recorded) return;
        const std::string name = options.data.extension() == ".gz" ? "records.jsonl.gz" : "records.jsonl";
        std::filesystem::copy_file(options.data, folder / name, failure);
        require<input_error>(!failure, (folder / name).string(), ": cannot be written: ", failure.message());
        made.description.records = name;
        made.description.records_hash = part_hash(folder, name);
    });
    return made;
}

} // namespace preflearn
