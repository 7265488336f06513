/// \file
/// Everything of `pipeline/student_folder`: a trained student written so that one can take it away.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/pipeline/student_folder/generation_config.hpp>
#include <preflearn/pipeline/student_folder/model_card.hpp>
#include <preflearn/pipeline/student_folder/origin_files.hpp>
#include <preflearn/pipeline/student_folder/save_student.hpp>
#include <preflearn/pipeline/student_folder/student_card.hpp>
#include <preflearn/pipeline/student_folder/student_gguf.hpp>
#include <preflearn/pipeline/student_folder/student_tokenizer.hpp>
