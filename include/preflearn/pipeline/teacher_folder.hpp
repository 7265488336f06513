/// \file
/// Everything of `pipeline/teacher_folder`: what a teacher is on disk, written, checked and opened.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/pipeline/teacher_folder/external_command.hpp>
#include <preflearn/pipeline/teacher_folder/folder_parts.hpp>
#include <preflearn/pipeline/teacher_folder/learned_pairs.hpp>
#include <preflearn/pipeline/teacher_folder/model_identity.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_description.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_fields.hpp>
