/// \file
/// The kind `head`: a scalar Bradley-Terry head on a language model over text (Ouyang et al. 2022, arXiv:2203.02155,
/// section 3.5), read at the last token of prompt and response: the end token that follows the response, or where the
/// text already ends a turn, the last token of that. So does transformers, at the last token that is not its
/// pad_token_id; where that is the end token, none is put behind responses.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/checkpoint/checkpoint_file.hpp>
#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/checkpoint/tensor.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_folder/folder_parts.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_description.hpp>
#include <preflearn/pipeline/teacher_kinds/language_models.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/policy/adapters/adapter_files.hpp>
#include <preflearn/policy/any_scalar_head.hpp>
#include <preflearn/policy/files/sequence_classifier.hpp>

namespace preflearn {

/// Where a teacher's folder has a head that does not lie in a model's own file: one tensor, score.weight.
inline constexpr std::string_view head_file_name = "head.safetensors";

/// Writes v there. \returns what the description's `files` say of it
inline folder_part write_head_file(const any_scalar_head<float>& head, const std::filesystem::path& folder) {
    const std::vector<float> v = head.read_head();
    const std::vector<tensor_view> views{as_tensor<float>("score.weight", {1, v.size()}, v)};
    write_safetensors(folder / head_file_name, views, {{"format", "pt"}});
    return {std::string(head_file_name), part_hash(folder, head_file_name)};
}

/// The model with its head, of an opened folder: base model, adapter or model of the folder as `policy` says, the head
/// from the folder's file, else from the model's own. \throws input_error for files that cannot be read or do not fit
inline any_scalar_head<float> load_teacher_head(const any_backend<float>& on, const opened_teacher& opened) {
    const teacher_description& told = opened.description;
    const std::string place = (opened.folder / "teacher.json").string();
    require<input_error>(told.base && told.policy && told.policy->from != weights_from::outside, place,
                         ": a teacher of the kind ", told.kind, " has a base_model and a policy made of it");
    const bool own = told.policy->from == weights_from::model;
    any_scalar_head<float> head =
        load_scalar_head(on, own ? part_of_folder(opened.folder, told.policy->path) : opened.base);
    if (told.policy->from == weights_from::adapter)
        head = any_scalar_head<float>(load_adapter(head.model(), part_of_folder(opened.folder, told.policy->path)));
    if (std::ranges::find(told.files, head_file_name, &folder_part::path) == told.files.end()) {
        require<input_error>(own || (told.policy->from == weights_from::base && is_sequence_classifier(opened.base)),
                             place, ": 'files' names no ", head_file_name);
        return head;
    }
    const std::filesystem::path stored = part_of_folder(opened.folder, head_file_name);
    const std::vector<float> v = detail::read_score<float>(stored, head.config().hidden_size);
    head.write_head([&](std::span<float> to) { std::ranges::copy(v, to.begin()); });
    return head;
}

namespace detail {

struct head_teacher {
    any_scalar_head<float> head;
    text_reading reading;

    [[nodiscard]] judged_block judge(std::span<const shown_texts> block) const {
        judged_block judged{.all = std::vector<judgement>(block.size())};
        const tokens_of_block tokens(reading, block, judged.all);
        const std::vector<double> rewards = head.rewards(tokens.all());
        for (std::size_t i = 0; i < block.size(); ++i)
            judged.all[i].scores.assign(rewards.begin() + static_cast<std::ptrdiff_t>(tokens.begin_of(i)),
                                        rewards.begin() + static_cast<std::ptrdiff_t>(tokens.end_of(i)));
        judged.tokens = tokens.tokens();
        return judged;
    }
};

} // namespace detail

/// A teacher that judges by a head. \param make makes it of the head and of how texts are read
/// \throws as `load_teacher_head`.
template <class Make>
text_teacher load_teacher_by_head(const opened_teacher& opened, const any_backend<float>& on, const Make& make) {
    any_scalar_head<float> head = load_teacher_head(on, opened);
    const scored_transformer model = head.model();
    text_reading reading = reading_of(opened, model, opened.base);
    text_teacher teacher{.operations_per_token = head.operations_per_token(), .parameters = model.layout().size()};
    add_notes(teacher.notes, reading, model);
    const auto held = std::make_shared<const decltype(make(std::move(head), std::move(reading)))>(
        make(std::move(head), std::move(reading)));
    teacher.judge = [held](std::span<const shown_texts> block) { return held->judge(block); };
    return teacher;
}

/// \throws as `load_teacher_head`.
inline text_teacher load_head_teacher(const opened_teacher& opened, const any_backend<float>& on) {
    return load_teacher_by_head(opened, on, [](any_scalar_head<float> head, text_reading reading) {
        return detail::head_teacher{.head = std::move(head), .reading = std::move(reading)};
    });
}

} // namespace preflearn
