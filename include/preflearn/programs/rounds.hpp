/// \file
/// Everything of `pipeline/rounds`: a student in rounds, in which it answers, is labelled and is aligned to the labels.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/programs/rounds/round_at_work.hpp>
#include <preflearn/programs/rounds/round_files.hpp>
#include <preflearn/programs/rounds/round_parameters.hpp>
#include <preflearn/programs/rounds/round_result.hpp>
#include <preflearn/programs/rounds/rounds_file.hpp>
#include <preflearn/programs/rounds/rounds_options.hpp>
