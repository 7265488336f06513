/// \file
/// How a teacher of one kind is made: what differs between kinds when `teach` makes a folder.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/by_name/any_loss.hpp>
#include <preflearn/loss/by_name/names.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_description.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/programs/teaching/taught_folder.hpp>
#include <preflearn/programs/teaching/teach_options.hpp>
#include <preflearn/text/chat/chat_template.hpp>

namespace preflearn {

/// What the making of a teacher is given.
struct teaching {
    const any_backend<float>& on;
    const teach_options& options;
    /// How conversations become text; nothing without a model.
    const chosen_chat_format& chat;
    /// Of preference training.
    const any_loss<double>& loss;
    /// Takes each sentence for the user.
    const speaker& say;
    /// A folder that is there, in which a run that is stopped keeps what it goes on from.
    std::filesystem::path unfinished{};
};

/// A kind of teacher_kinds as it is made. A new one is a file with its functions, and a line in taught_kinds.hpp.
struct taught_kind {
    std::string_view name;
    /// Whether it is made of a language model, `--model`.
    bool has_model = false;
    /// By which loss it learns unless another is asked for.
    std::string_view loss = "sigmoid";
    /// Whether its model is fine-tuned on the chosen responses first, unless something else is asked for.
    bool fine_tunes = false;
    /// Whether it is made of pairs, `--data`; else these only show what it is worth.
    bool needs_data = true;
    /// Makes the folder, by `write_teacher`, of a description that has all but what is learned. Null: by a preference
    /// loss, which is a template's argument (see teach.hpp).
    taught (*make)(const teaching&, teacher_description) = nullptr;
    /// \throws argument_error for options that do not go together. Null: any do.
    void (*check)(const teach_options&) = nullptr;
    /// What teacher.json's `settings` are to say; another teacher, where they differ. Null: nothing.
    nlohmann::ordered_json (*settings)(const teach_options&) = nullptr;
};

/// For kinds that score a response as a whole and know no lengths. \throws argument_error for a loss that divides by
/// the lengths of responses, naming those that do not
inline void check_loss_of_rewards(const teach_options& options) {
    if (!loss_reads_lengths(options.loss_name)) return;
    std::string others;
    for (const listed_loss& loss : listed_losses)
        if (loss.kind == loss_kind::pairs && !loss.reads_lengths)
            others.append(others.empty() ? "" : ", ").append(loss.about.name);
    throw argument_error(message("the loss ", options.loss_name,
                                 " reads how many tokens the responses have, and the "
                                 "kind ",
                                 options.kind,
                                 " gives a response one reward, whatever its length; its losses "
                                 "are: ",
                                 others));
}

} // namespace preflearn
