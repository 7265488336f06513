/// \file
/// A trained student that one can take away: a folder that transformers loads (weights, tokenizer, chat template, end
/// tokens, licences, card), or a GGUF file. It appears whole or not at all, and nothing is written over.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/whole_folder.hpp>
#include <preflearn/pipeline/student_folder/generation_config.hpp>
#include <preflearn/pipeline/student_folder/model_card.hpp>
#include <preflearn/pipeline/student_folder/origin_files.hpp>
#include <preflearn/pipeline/student_folder/student_card.hpp>
#include <preflearn/pipeline/teacher_folder/model_identity.hpp>
#include <preflearn/policy/adapters/adapter_files.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/files/save.hpp>
#include <preflearn/policy/files/save_gguf.hpp>
#include <preflearn/report/run/write.hpp>
#include <preflearn/text/files/load.hpp>

namespace preflearn {

/// Whether a student at `out` is a GGUF file; otherwise it is a folder.
inline bool is_gguf_name(const std::filesystem::path& out) { return out.extension() == ".gguf"; }

namespace detail {

/// \throws input_error when the file cannot be copied.
inline void copy_into(const std::filesystem::path& file, const std::filesystem::path& folder) {
    std::error_code failure;
    std::filesystem::copy_file(file, folder / file.filename(), failure);
    require<input_error>(!failure, (folder / file.filename()).string(), ": cannot be copied from ", file.string(), ": ",
                         failure.message());
}

/// Tokenizer and chat template of the origin, into the student's folder.
inline void write_text_files(const student_origin& origin, const std::filesystem::path& folder) {
    for (const std::filesystem::path& file : text_files_of(origin.model)) copy_into(file, folder);
}

inline void write_student_folder(const any_transformer<float>& model, const student_origin& origin,
                                 const std::filesystem::path& folder, const student_card& card,
                                 const student_form& form) {
    const origin_facts facts = facts_of(origin);
    const tokenizer words = load_tokenizer(origin.model, origin.tokenizer);
    const special_ids ids = ids_of_student(origin, words, model.config().end_tokens, model.config().vocabulary_size);
    write_text_files(origin, folder);
    for (const std::filesystem::path& file : facts.licences) copy_into(file, folder);
    if (form.keep_adapter) {
        save_adapter(model, folder, std::filesystem::absolute(named_folder(origin.model)).lexically_normal().string());
    } else {
        save_transformer(model, folder, form.type, form.shard_bytes);
        nlohmann::ordered_json config = nlohmann::ordered_json::parse(mapped_file(folder / "config.json").text());
        set_special_ids(config, ids);
        write_json(config, folder / "config.json");
    }
    write_json(generation_config(origin, ids), folder / "generation_config.json");
    write_file(model_card(card, facts, form, identify_model(origin.model).weights), folder / "README.md");
    for (const auto& [name, content] : card.files) write_file(content, folder / name);
}

} // namespace detail

/// Writes a student: to a folder, or to a file where `out` ends in ".gguf". The model may have adapters, which are
/// merged unless the form keeps them. \throws input_error when something is at `out` or a file cannot be read or
/// written, and argument_error for a model that such files cannot express; then nothing is at `out`.
inline void save_student(const any_transformer<float>& model, const student_origin& origin,
                         const std::filesystem::path& out, student_card card, const student_form& form = {}) {
    require(!form.keep_adapter || !model.weights().adapters().empty(), out.string(),
            ": an adapter is to be kept, but the model has none");
    const std::filesystem::path place = detail::named_folder(out);
    if (card.name.empty()) card.name = place.stem().string();
    if (is_gguf_name(out)) {
        std::error_code ignored;
        require<input_error>(!std::filesystem::exists(std::filesystem::symlink_status(out, ignored)), out.string(),
                             ": is there already, and nothing is written over");
        require(!form.keep_adapter, out.string(), ": a GGUF file holds the whole model; its adapter cannot be kept");
        return save_gguf(model, origin.model, out, form.type);
    }
    write_folder_whole(out, [&](const std::filesystem::path& folder) {
        detail::write_student_folder(model, origin, folder, card, form);
    });
}

} // namespace preflearn
