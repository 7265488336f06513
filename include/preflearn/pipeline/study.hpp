/// \file
/// Everything of `pipeline/study`: students compared by the labels they learned from, in the generated world and over
/// texts.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/pipeline/study/study.hpp>
#include <preflearn/pipeline/study/study_data.hpp>
#include <preflearn/pipeline/study/study_options.hpp>
#include <preflearn/pipeline/study/study_parts.hpp>
#include <preflearn/pipeline/study/study_progress.hpp>
#include <preflearn/pipeline/study/study_report.hpp>
#include <preflearn/pipeline/study/study_summary.hpp>
#include <preflearn/pipeline/study/text_study.hpp>
#include <preflearn/pipeline/study/text_study_options.hpp>
#include <preflearn/pipeline/study/world_study.hpp>
