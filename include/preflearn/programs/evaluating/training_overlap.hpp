/// \file
/// Prompts that an evaluator learned from among those that it judges: there it may know by heart what it should judge.
/// A teacher's folder knows the content of its files; which prompts they share with the evaluated ones shows when the
/// files are given.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/data/records/preparing/record_keys.hpp>
#include <preflearn/data/records/reading/record_reader.hpp>
#include <preflearn/pipeline/output/output_run.hpp>
#include <preflearn/pipeline/teacher_folder/folder_parts.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/programs/evaluating/evaluate_options.hpp>
#include <preflearn/programs/evaluating/student_responses.hpp>
#include <preflearn/report/run/file_hash.hpp>

namespace preflearn {

namespace detail {

/// What a teacher learned from, or was evaluated on, if it was that content; empty if neither.
inline std::string_view use_of_file(const teacher_description& teacher, const std::string& hash) {
    const auto is = [&](const char* name) {
        const auto at = teacher.training.find(name);
        return at != teacher.training.end() && *at == hash;
    };
    return is("data") ? "learned from" : is("held_out_data") ? "was chosen on" : "";
}

/// The content of the files that the responses' own manifest names, where generate wrote one: their prompts.
inline std::vector<std::string> hashes_of_inputs(const std::filesystem::path& responses) {
    std::vector<std::string> hashes;
    std::error_code ignored;
    const std::filesystem::path manifest = beside(responses, ".manifest.json");
    if (!std::filesystem::is_regular_file(manifest, ignored)) return hashes;
    try {
        const nlohmann::json told = read_json_file(manifest);
        for (const nlohmann::json& input : told.at("inputs")) hashes.push_back(input.at("hash").get<std::string>());
    } catch (const std::exception&) { // none of ours
    }
    return hashes;
}

inline std::unordered_set<std::uint64_t> prompts_of_file(const std::filesystem::path& path) {
    record_options options;
    seen_ids ids;
    record_reader reader(path, options, ids);
    std::unordered_set<std::uint64_t> keys;
    while (const auto record = reader.next()) keys.insert(prompt_key(*record));
    return keys;
}

} // namespace detail

/// Sentences: evaluated prompts that stand in files of `training`, and files of responses that a teacher was made with.
/// \throws input_error for a file that cannot be read.
inline std::vector<std::string> told_overlaps(std::span<const opened_teacher> teachers,
                                              const evaluated_students& students, const evaluate_options& options) {
    std::vector<std::string> told;
    for (const response_source& source : options.responses) {
        std::vector<std::string> hashes = detail::hashes_of_inputs(source.path);
        hashes.push_back(hash_text(hash_file(source.path).hash));
        for (const opened_teacher& teacher : teachers)
            for (const std::string& hash : hashes)
                if (const auto use = detail::use_of_file(teacher.description, hash); !use.empty())
                    told.push_back(message(teacher.name, " ", use, " the prompts of ", source.path.string(),
                                           ", which are evaluated"));
    }
    for (const std::filesystem::path& path : options.training) {
        const std::unordered_set<std::uint64_t> learned = detail::prompts_of_file(path);
        std::size_t shared = 0;
        for (const evaluated_prompt& prompt : students.prompts)
            shared += learned.contains(prompt_key(prompt.of.front().record));
        const std::string hash = hash_text(hash_file(path).hash);
        std::string who;
        for (const opened_teacher& teacher : teachers)
            if (const auto use = detail::use_of_file(teacher.description, hash); !use.empty())
                who += message(who.empty() ? ", which " : " and ", teacher.name, " ", use);
        told.push_back(message(shared, " of the ", students.prompts.size(), " evaluated prompts stand in ",
                               path.string(),
                               who.empty() ? ", from which no evaluator's folder says that it learned" : who));
    }
    return told;
}

} // namespace preflearn
