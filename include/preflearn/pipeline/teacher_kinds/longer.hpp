/// \file
/// The kind `longer`: prefers the longer response, in bytes, as `longer_response` does: the baseline that any teacher
/// must beat. A difference in length is no log-odds; calibrated on labelled pairs it becomes one.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/teacher/longer.hpp>

namespace preflearn {

inline text_teacher load_longer_teacher(const opened_teacher& opened, const any_backend<float>& /*on*/) {
    text_teacher teacher{.gives_log_odds = opened.description.calibrated};
    teacher.judge = [](std::span<const shown_texts> block) {
        judged_block judged;
        for (const shown_texts& shown : block) {
            judgement& said = judged.all.emplace_back();
            for (const std::string_view response : shown.responses)
                said.scores.push_back(static_cast<double>(range_size{}(response)));
        }
        return judged;
    };
    return teacher;
}

} // namespace preflearn
