/// \file
/// Everything of `pipeline/evaluating`: students' responses before gold teachers and judges.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/programs/evaluating/best_of_curve.hpp>
#include <preflearn/programs/evaluating/evaluate_file.hpp>
#include <preflearn/programs/evaluating/evaluate_options.hpp>
#include <preflearn/programs/evaluating/evaluation.hpp>
#include <preflearn/programs/evaluating/evaluation_figures.hpp>
#include <preflearn/programs/evaluating/evaluation_json.hpp>
#include <preflearn/programs/evaluating/evaluation_rows.hpp>
#include <preflearn/programs/evaluating/evaluation_tables.hpp>
#include <preflearn/programs/evaluating/evaluator.hpp>
#include <preflearn/programs/evaluating/evaluator_panel.hpp>
#include <preflearn/programs/evaluating/panel_tables.hpp>
#include <preflearn/programs/evaluating/response_quality.hpp>
#include <preflearn/programs/evaluating/shown_responses.hpp>
#include <preflearn/programs/evaluating/student_file.hpp>
#include <preflearn/programs/evaluating/student_gap.hpp>
#include <preflearn/programs/evaluating/student_responses.hpp>
#include <preflearn/programs/evaluating/student_wins.hpp>
#include <preflearn/programs/evaluating/training_overlap.hpp>
#include <preflearn/programs/evaluating/watched_teacher.hpp>
