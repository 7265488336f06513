/// \file
/// Everything of `pipeline/evaluating`: students' responses before gold teachers and judges.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/pipeline/evaluating/best_of_curve.hpp>
#include <preflearn/pipeline/evaluating/evaluate_file.hpp>
#include <preflearn/pipeline/evaluating/evaluate_options.hpp>
#include <preflearn/pipeline/evaluating/evaluation.hpp>
#include <preflearn/pipeline/evaluating/evaluation_figures.hpp>
#include <preflearn/pipeline/evaluating/evaluation_json.hpp>
#include <preflearn/pipeline/evaluating/evaluation_rows.hpp>
#include <preflearn/pipeline/evaluating/evaluation_tables.hpp>
#include <preflearn/pipeline/evaluating/evaluator.hpp>
#include <preflearn/pipeline/evaluating/evaluator_panel.hpp>
#include <preflearn/pipeline/evaluating/panel_tables.hpp>
#include <preflearn/pipeline/evaluating/response_quality.hpp>
#include <preflearn/pipeline/evaluating/shown_responses.hpp>
#include <preflearn/pipeline/evaluating/student_file.hpp>
#include <preflearn/pipeline/evaluating/student_gap.hpp>
#include <preflearn/pipeline/evaluating/student_responses.hpp>
#include <preflearn/pipeline/evaluating/student_wins.hpp>
#include <preflearn/pipeline/evaluating/training_overlap.hpp>
#include <preflearn/pipeline/evaluating/watched_teacher.hpp>
