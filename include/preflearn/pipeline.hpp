/// \file
/// The paper's steps as functions over the concepts, the study made of them, and its report.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/pipeline/agreement.hpp>
#include <preflearn/pipeline/align.hpp>
#include <preflearn/pipeline/aligning.hpp>
#include <preflearn/pipeline/comparing.hpp>
#include <preflearn/pipeline/evaluating.hpp>
#include <preflearn/pipeline/generating.hpp>
#include <preflearn/pipeline/labelling.hpp>
#include <preflearn/pipeline/learning.hpp>
#include <preflearn/pipeline/noise.hpp>
#include <preflearn/pipeline/output.hpp>
#include <preflearn/pipeline/pairs.hpp>
#include <preflearn/pipeline/ranking.hpp>
#include <preflearn/pipeline/rounds.hpp>
#include <preflearn/pipeline/score_file.hpp>
#include <preflearn/pipeline/score_pairs.hpp>
#include <preflearn/pipeline/shard.hpp>
#include <preflearn/pipeline/student_folder.hpp>
#include <preflearn/pipeline/study.hpp>
#include <preflearn/pipeline/study_data.hpp>
#include <preflearn/pipeline/study_options.hpp>
#include <preflearn/pipeline/study_parts.hpp>
#include <preflearn/pipeline/study_progress.hpp>
#include <preflearn/pipeline/study_report.hpp>
#include <preflearn/pipeline/study_summary.hpp>
#include <preflearn/pipeline/teacher_card.hpp>
#include <preflearn/pipeline/teacher_folder.hpp>
#include <preflearn/pipeline/teacher_kinds.hpp>
#include <preflearn/pipeline/teaching.hpp>
#include <preflearn/pipeline/text_model.hpp>
#include <preflearn/pipeline/text_reader.hpp>
#include <preflearn/pipeline/text_study.hpp>
#include <preflearn/pipeline/token_cache.hpp>
#include <preflearn/pipeline/world_study.hpp>
