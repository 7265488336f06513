/// \file
/// The kinds of teachers that a folder may hold. A new one is a file with a function that makes a text_teacher of an
/// opened folder, and a line here.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_kinds/classifier.hpp>
#include <preflearn/pipeline/teacher_kinds/ensemble.hpp>
#include <preflearn/pipeline/teacher_kinds/external.hpp>
#include <preflearn/pipeline/teacher_kinds/features.hpp>
#include <preflearn/pipeline/teacher_kinds/head.hpp>
#include <preflearn/pipeline/teacher_kinds/implicit.hpp>
#include <preflearn/pipeline/teacher_kinds/judge.hpp>
#include <preflearn/pipeline/teacher_kinds/likelihood.hpp>
#include <preflearn/pipeline/teacher_kinds/longer.hpp>
#include <preflearn/pipeline/teacher_kinds/recorded.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/policy/any_transformer.hpp>

namespace preflearn {

/// The teacher of an opened folder. \throws input_error for a kind that is not known here, and as the kinds do.
inline text_teacher load_teacher(const opened_teacher& opened, const any_backend<float>& on);

struct teacher_kind {
    std::string_view name, about;
    text_teacher (*load)(const opened_teacher&, const any_backend<float>&);
};

inline constexpr std::array teacher_kinds{
    teacher_kind{"implicit", "the implicit reward of a model trained on preferences (DPO, any loss)",
                 load_implicit_teacher},
    teacher_kind{"likelihood", "log-probs of a model fine-tuned on chosen responses", load_likelihood_teacher},
    teacher_kind{"head", "a scalar Bradley-Terry head on a language model (a reward model)", load_head_teacher},
    teacher_kind{"classifier", "a head on a model that reads both responses, in both orders", load_classifier_teacher},
    teacher_kind{"features", "a linear or MLP reward on hidden states of a model that does not learn",
                 load_features_teacher},
    teacher_kind{"judge", "a language model that is asked which of two is better, or how good one is",
                 load_judge_teacher},
    teacher_kind{"longer", "prefers the longer response", load_longer_teacher},
    teacher_kind{"recorded", "verdicts, scores or log-probs made elsewhere", load_recorded_teacher},
    teacher_kind{"external", "a program of yours that is asked", load_external_teacher},
    teacher_kind{"ensemble", "several teachers as one", [](const opened_teacher& opened, const any_backend<float>& on) {
                     return load_ensemble_teacher(opened, on, load_teacher);
                 }}};

/// "implicit, likelihood, …".
inline std::string teacher_kind_names() {
    std::string names;
    for (const teacher_kind& kind : teacher_kinds) names += (names.empty() ? "" : ", ") + std::string(kind.name);
    return names;
}

inline text_teacher load_teacher(const opened_teacher& opened, const any_backend<float>& on) {
    const auto kind = std::ranges::find(teacher_kinds, opened.description.kind, &teacher_kind::name);
    require<input_error>(kind != teacher_kinds.end(), (opened.folder / "teacher.json").string(), ": the kind ",
                         excerpt{opened.description.kind}, " is not known here, which knows ", teacher_kind_names());
    return kind->load(opened, on);
}

} // namespace preflearn
