/// \file
/// The paper's steps as functions over the concepts, the study made of them, and its report.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/pipeline/agreement.hpp>
#include <preflearn/pipeline/align.hpp>
#include <preflearn/pipeline/learning.hpp>
#include <preflearn/pipeline/noise.hpp>
#include <preflearn/pipeline/output.hpp>
#include <preflearn/pipeline/ranking.hpp>
#include <preflearn/pipeline/scoring.hpp>
#include <preflearn/pipeline/student_folder.hpp>
#include <preflearn/pipeline/study.hpp>
#include <preflearn/pipeline/teacher_card.hpp>
#include <preflearn/pipeline/teacher_folder.hpp>
#include <preflearn/pipeline/teacher_kinds.hpp>
