/// \file
/// Everything of `pipeline/teacher_kinds`: the kinds of teachers of a folder, as values over texts.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/pipeline/teacher_kinds/classifier.hpp>
#include <preflearn/pipeline/teacher_kinds/ensemble.hpp>
#include <preflearn/pipeline/teacher_kinds/external.hpp>
#include <preflearn/pipeline/teacher_kinds/features.hpp>
#include <preflearn/pipeline/teacher_kinds/head.hpp>
#include <preflearn/pipeline/teacher_kinds/held_out_report.hpp>
#include <preflearn/pipeline/teacher_kinds/implicit.hpp>
#include <preflearn/pipeline/teacher_kinds/judge.hpp>
#include <preflearn/pipeline/teacher_kinds/judge_answers.hpp>
#include <preflearn/pipeline/teacher_kinds/judge_description.hpp>
#include <preflearn/pipeline/teacher_kinds/judge_prompt.hpp>
#include <preflearn/pipeline/teacher_kinds/judge_reasons.hpp>
#include <preflearn/pipeline/teacher_kinds/judge_template.hpp>
#include <preflearn/pipeline/teacher_kinds/kinds.hpp>
#include <preflearn/pipeline/teacher_kinds/language_models.hpp>
#include <preflearn/pipeline/teacher_kinds/likelihood.hpp>
#include <preflearn/pipeline/teacher_kinds/longer.hpp>
#include <preflearn/pipeline/teacher_kinds/measured_teacher.hpp>
#include <preflearn/pipeline/teacher_kinds/member_votes.hpp>
#include <preflearn/pipeline/teacher_kinds/position_report.hpp>
#include <preflearn/pipeline/teacher_kinds/recorded.hpp>
#include <preflearn/pipeline/teacher_kinds/text_head.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
