/// \file
/// Everything of `pipeline/rounds`: a student in rounds, in which it answers, is labelled and is aligned to the labels.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/pipeline/rounds/round_files.hpp>
#include <preflearn/pipeline/rounds/round_result.hpp>
#include <preflearn/pipeline/rounds/rounds_file.hpp>
#include <preflearn/pipeline/rounds/rounds_options.hpp>
