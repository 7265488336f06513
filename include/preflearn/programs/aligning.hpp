/// \file
/// Everything of `pipeline/aligning`: from a labelled file to a student.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/programs/aligning/align_data.hpp>
#include <preflearn/programs/aligning/align_examples.hpp>
#include <preflearn/programs/aligning/align_file.hpp>
#include <preflearn/programs/aligning/align_options.hpp>
#include <preflearn/programs/aligning/columns_taken.hpp>
#include <preflearn/programs/aligning/example_records.hpp>
#include <preflearn/programs/aligning/learn_student.hpp>
#include <preflearn/programs/aligning/noise_by_pair.hpp>
#include <preflearn/programs/aligning/student_output.hpp>
#include <preflearn/programs/aligning/student_report.hpp>
#include <preflearn/programs/aligning/told_noise.hpp>
