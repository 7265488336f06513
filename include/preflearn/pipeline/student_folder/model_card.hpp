/// \file
/// A student's model card: Markdown with YAML in front, as the Hub reads it. It says which model the student comes
/// from, under which licence, how it learned and from which data (by content, not by place).
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/version.hpp>
#include <preflearn/pipeline/student_folder/origin_files.hpp>
#include <preflearn/pipeline/student_folder/student_card.hpp>
#include <preflearn/pipeline/teacher_folder/folder_parts.hpp>
#include <preflearn/report/run/file_hash.hpp>

namespace preflearn {

namespace detail {

/// A number or text as it stands in a table.
inline std::string cell_text(const nlohmann::ordered_json& value) {
    std::string text = value.is_string() ? value.get<std::string>()
                                         : value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    for (std::size_t at = 0; (at = text.find_first_of("|\n", at)) != text.npos; at += 2)
        text.replace(at, 1, text[at] == '|' ? "\\|" : "  ");
    return text;
}

inline std::string card_table(std::string_view title, const nlohmann::ordered_json& rows) {
    if (!rows.is_object() || rows.empty()) return "";
    std::string text = message("\n## ", title, "\n\n| | |\n|---|---|\n");
    for (const auto& [name, value] : rows.items()) text += message("| ", name, " | ", cell_text(value), " |\n");
    return text;
}

inline std::string card_front(const student_card& card, const origin_facts& facts, const student_form& form) {
    const bool peft = form.keep_adapter;
    std::string text = "---\nbase_model: " + quoted_yaml(facts.name) + "\nbase_model_relation: ";
    text += peft ? "adapter\n" : "finetune\n";
    text += peft ? "library_name: peft\n" : "library_name: transformers\n";
    text += "pipeline_tag: text-generation\n";
    for (const std::string& line : facts.front) text += line + "\n";
    text += "tags:\n- preflearn\n";
    if (!card.method.empty()) text += "- " + quoted_yaml(card.method) + "\n";
    return text + "---\n";
}

inline std::string card_licence(const origin_facts& facts) {
    std::string text = "\n## Licence\n\n";
    if (!facts.license.empty())
        text += message("The model that it comes from is under the licence `", facts.license,
                        "`; what that asks of works made from it holds for this one.\n");
    else
        text += message("The files of ", facts.name,
                        " do not say its licence; what that asks of works made from it holds for this one.\n");
    if (!facts.licences.empty()) {
        text += facts.is_gguf ? "\nThese lay beside it and are here:" : "\nThese came with it and are here:";
        for (const auto& file : facts.licences) text += " `" + file.filename().string() + "`";
        text += "\n";
    }
    if (!facts.notice.empty()) text += "\n" + facts.notice;
    if (!facts.said.empty()) {
        text += "\nWhat its metadata say:\n\n| | |\n|---|---|\n";
        for (const auto& [name, value] : facts.said) text += message("| ", name, " | ", cell_text(value), " |\n");
    }
    return text;
}

} // namespace detail

/// The text of README.md. \param hash of the origin's content, as `hash_text` writes it
inline std::string model_card(const student_card& card, const origin_facts& facts, const student_form& form,
                              std::string_view hash) {
    std::string text = detail::card_front(card, facts, form);
    text += message("\n# ", card.name, "\n\n", form.keep_adapter ? "An adapter (LoRA) for " : "Made from ",
                    facts.is_repository ? message("[", facts.name, "](https://huggingface.co/", facts.name, ")")
                                        : facts.name,
                    " (", facts.is_gguf ? "a GGUF file" : "a folder", ", ", hash, ")");
    if (!card.method.empty()) text += message(" by ", card.method);
    text += message(" with preflearn ", library_version, ".\n");
    if (!card.teacher.empty()) text += message("\nIts preferences were labelled by the teacher ", card.teacher, ".\n");
    for (const input_file& file : card.data)
        text += message("\nLearned from `", std::filesystem::path(file.path).filename().string(), "`, ", file.bytes,
                        " bytes, ", hash_text(file.hash), ".\n");
    text += detail::card_licence(facts);
    text += detail::card_table("Training", card.settings);
    text += detail::card_table("Results", card.results);
    if (!card.command_line.empty()) text += message("\n```sh\n", card.command_line, "\n```\n");
    if (!card.text.empty()) text += message("\n", card.text, "\n");
    return text;
}

} // namespace preflearn
