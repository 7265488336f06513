/// \file
/// Everything of `pipeline/output`: a run's own file, made once, kept while it is made.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/pipeline/output/kept_lines.hpp>
#include <preflearn/pipeline/output/output_run.hpp>
#include <preflearn/pipeline/output/shown_estimate.hpp>
#include <preflearn/pipeline/output/unfinished_folder.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
