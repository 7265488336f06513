/// \file
/// Everything of `pipeline/aligning`: from a labelled file to a student.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/pipeline/aligning/align_data.hpp>
#include <preflearn/pipeline/aligning/align_examples.hpp>
#include <preflearn/pipeline/aligning/align_file.hpp>
#include <preflearn/pipeline/aligning/align_options.hpp>
#include <preflearn/pipeline/aligning/columns_taken.hpp>
#include <preflearn/pipeline/aligning/example_records.hpp>
#include <preflearn/pipeline/aligning/learn_student.hpp>
#include <preflearn/pipeline/aligning/student_output.hpp>
#include <preflearn/pipeline/aligning/student_report.hpp>
#include <preflearn/pipeline/aligning/told_noise.hpp>
