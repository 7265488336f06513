/// \file
/// A trained student that one can take away: a folder that transformers loads (weights, tokenizer, chat template, end
/// tokens, licences, card), or a GGUF file. It appears whole or not at all, and nothing is written over.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/mapped_file.hpp>
#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/whole_folder.hpp>
#include <preflearn/pipeline/student_folder/generation_config.hpp>
#include <preflearn/pipeline/student_folder/model_card.hpp>
#include <preflearn/pipeline/student_folder/origin_files.hpp>
#include <preflearn/pipeline/student_folder/student_card.hpp>
#include <preflearn/pipeline/student_folder/student_gguf.hpp>
#include <preflearn/pipeline/student_folder/student_tokenizer.hpp>
#include <preflearn/pipeline/teacher_folder/model_identity.hpp>
#include <preflearn/policy/adapters/adapter_files.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/files/save.hpp>
#include <preflearn/report/run/write.hpp>
#include <preflearn/text/files/load.hpp>

namespace preflearn {

/// Whether a student at `out` is a GGUF file; otherwise it is a folder.
inline bool is_gguf_name(const std::filesystem::path& out) { return out.extension() == ".gguf"; }

namespace detail {

inline void write_student_folder(const any_transformer<float>& model, const student_origin& origin,
                                 const std::filesystem::path& folder, const student_card& card,
                                 const student_form& form) {
    const origin_facts facts = facts_of(origin);
    const tokenizer words = load_tokenizer(origin.model, origin.tokenizer);
    const special_ids ids = ids_of_student(origin, words, model.config().end_tokens, model.config().vocabulary_size);
    write_student_tokenizer(origin, folder, model.config().maximum_length);
    for (const std::filesystem::path& file : facts.licences) copy_into(file, folder);
    if (!facts.notice.empty()) write_file(facts.notice, folder / "NOTICE");
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

namespace detail {

/// The place of a file beside a GGUF file: "S.README.md".
inline std::filesystem::path beside_gguf(std::filesystem::path out, const std::string& name) {
    return out.replace_extension("." + name);
}

/// \throws input_error where what is at the card's place beside a GGUF file is no card of a student.
inline void require_own_card(const std::filesystem::path& out) {
    const std::filesystem::path place = beside_gguf(out, "README.md");
    std::error_code ignored;
    const bool there = std::filesystem::exists(std::filesystem::symlink_status(place, ignored));
    require<input_error>(!there || (std::filesystem::is_regular_file(place, ignored) &&
                                    mapped_file(place).text().find("\n- preflearn\n") != std::string_view::npos),
                         place.string(), ": is there already, and nothing is written over");
}

/// Card and licences of a GGUF file, beside it, which stand there before it does.
inline void write_beside_gguf(const student_origin& origin, const std::filesystem::path& out,
                              const student_card& card) {
    const origin_facts facts = facts_of(origin);
    require_own_card(out);
    write_file(model_card(card, facts, {}, identify_model(origin.model).weights), beside_gguf(out, "README.md"));
    const auto put = [&](const std::string& name, std::string_view content) {
        std::error_code ignored;
        const std::filesystem::path place = beside_gguf(out, name);
        if (!std::filesystem::exists(std::filesystem::symlink_status(place, ignored))) write_file(content, place);
    };
    for (const std::filesystem::path& file : facts.licences) put(file.filename().string(), mapped_file(file).text());
    if (!facts.notice.empty()) put("NOTICE", facts.notice);
}

inline void require_nothing_at(const std::filesystem::path& out) {
    std::error_code ignored;
    require<input_error>(!std::filesystem::exists(std::filesystem::symlink_status(named_folder(out), ignored)),
                         out.string(), ": is there already, and nothing is written over");
}

} // namespace detail

/// Tries, before hours of learning, whether `save_student` can write there: nothing may be at `out`, files must be
/// makeable beside it, and the form must be able to express the origin's tokenizer. \throws as `save_student`.
template <int = on_demand>
void check_student(const student_origin& origin, const std::filesystem::path& out, const student_form& form = {}) {
    detail::require_nothing_at(out);
    if (is_gguf_name(out)) {
        require(!form.keep_adapter, out.string(), ": a GGUF file holds the whole model; its adapter cannot be kept");
        check_can_be_written(out);
        detail::require_own_card(out);
        return check_student_gguf(origin, out, form.type);
    }
    detail::torch_name_of(form.type);
    const detail::temporary_folder trial(detail::named_folder(out));
    (void)facts_of(origin);
    write_student_tokenizer(origin, trial.path(), 1);
}

/// Writes a student: to a folder, or to a file where `out` ends in ".gguf", its card and licences beside it. The model
/// may have adapters, which are merged unless the form keeps them. \throws input_error when something is at `out` or a
/// file cannot be read or written, and argument_error for a model that such files cannot express; then nothing is at
/// `out`.
template <int = on_demand>
void save_student(const any_transformer<float>& model, const student_origin& origin, const std::filesystem::path& out,
                  student_card card, const student_form& form = {}) {
    require(!form.keep_adapter || !model.weights().adapters().empty(), out.string(),
            ": an adapter is to be kept, but the model has none");
    const std::filesystem::path place = detail::named_folder(out);
    if (card.name.empty()) card.name = place.stem().string();
    if (is_gguf_name(out)) {
        detail::require_nothing_at(out);
        require(!form.keep_adapter, out.string(), ": a GGUF file holds the whole model; its adapter cannot be kept");
        detail::write_beside_gguf(origin, out, card);
        return write_student_gguf(model, origin, out, card, form.type);
    }
    write_folder_whole(out, [&](const std::filesystem::path& folder) {
        detail::write_student_folder(model, origin, folder, card, form);
    });
}

} // namespace preflearn
