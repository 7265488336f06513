/// \file
/// Making a prompted judge: its template is copied into the folder, and it is held against the labelled pairs, where
/// there are some. Nothing is learned.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/mapped_file.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_folder/folder_parts.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_description.hpp>
#include <preflearn/pipeline/teacher_kinds/judge.hpp>
#include <preflearn/pipeline/teacher_kinds/judge_description.hpp>
#include <preflearn/pipeline/teacher_kinds/judge_template.hpp>
#include <preflearn/programs/teaching/taught_folder.hpp>
#include <preflearn/programs/teaching/taught_kind.hpp>
#include <preflearn/programs/teaching/teach_data.hpp>
#include <preflearn/programs/teaching/teach_options.hpp>
#include <preflearn/report/run/file_hash.hpp>

namespace preflearn {

namespace detail {

/// The template's text, of a file or the library's own, and what messages call it.
inline std::pair<std::string, std::string> judge_text_of(const judge_options& judge) {
    if (judge.file.empty())
        return {default_judge_template(judge.form, judge.reason_tokens > 0), "the judge's own template"};
    return {std::string(mapped_file(judge.file).text()), judge.file.string()};
}

} // namespace detail

inline nlohmann::ordered_json judge_settings(const teach_options& options) {
    nlohmann::ordered_json json = to_json(judge_description{.reason_tokens = options.judge.reason_tokens,
                                                            .temperature = options.judge.temperature,
                                                            .seed = options.seed,
                                                            .chat_format = options.chat_format});
    json["text"] = hash_text(hash_of(detail::judge_text_of(options.judge).first));
    return json;
}

/// \throws input_error for a template that cannot be read, is none or does not fit the options; and as judging does.
inline taught teach_judge(const teaching& at, teacher_description told) {
    const teach_options& options = at.options;
    taught made{.description = std::move(told)};
    // the chat format is that of the question; what is judged is read as transcripts
    made.description.settings["chat_layout"] = std::exchange(made.description.chat_layout, {});
    made.description.chat_format.clear();
    made.description.policy = teacher_weights{};
    const auto asked = detail::judge_text_of(options.judge);
    template_of({.reason_tokens = options.judge.reason_tokens, .chat_format = options.chat_format}, asked.first,
                asked.second, options.model);
    const teach_data data = read_unlearned(options, options.reading, at.say);
    write_teacher(at.on, options, data, made, [&](const std::filesystem::path& folder) {
        std::ofstream file(folder / judge_template_name, std::ios::binary);
        file << asked.first;
        require<input_error>(static_cast<bool>(file.flush()), (folder / judge_template_name).string(),
                             ": cannot be written (is the disk full?)");
        made.description.files.push_back({judge_template_name, part_hash(folder, judge_template_name)});
    });
    return made;
}

} // namespace preflearn
