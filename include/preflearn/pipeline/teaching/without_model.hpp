/// \file
/// The kinds that learn nothing and have no model: the longer response, verdicts that were recorded, which are copied
/// into the folder, and several teachers as one, whose folders are.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_folder/folder_parts.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_description.hpp>
#include <preflearn/pipeline/teacher_kinds/recorded.hpp>
#include <preflearn/pipeline/teaching/taught_folder.hpp>
#include <preflearn/pipeline/teaching/taught_kind.hpp>
#include <preflearn/pipeline/teaching/teach_data.hpp>
#include <preflearn/pipeline/teaching/teach_options.hpp>

namespace preflearn {

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
    teach_data data;
    if (recorded) read_recorded(options.data, options.beta); // refuses what cannot be read
    if (!recorded || !options.held_out.empty()) {
        teach_options held = options;
        if (recorded) std::swap(held.data, held.held_out); // its data are verdicts
        if (recorded) held.held_out.clear();
        data = read_teach_data(held, reading, {}, false, at.say);
    }
    made.description.maximum_tokens = unlimited_length;
    write_teacher(at.on, options, data, made, [&](const std::filesystem::path& folder) {
        std::error_code failure;
        for (std::size_t m = 0; m < options.members.size(); ++m) {
            const std::string name = message("members/", m);
            make_folder(folder / name);
            std::filesystem::copy(
                options.members[m], folder / name,
                std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks, failure);
            require<input_error>(!failure, (folder / name).string(), ": cannot be written: ", failure.message());
            made.description.members.push_back({name, part_hash(folder, name)});
        }
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
