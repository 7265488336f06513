/// \file
/// Everything of `pipeline/generating`: from a model and prompts to responses, drawn, chosen or searched by a teacher.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/programs/generating/drawn_responses.hpp>
#include <preflearn/programs/generating/generate_file.hpp>
#include <preflearn/programs/generating/generate_options.hpp>
#include <preflearn/programs/generating/generated_file.hpp>
#include <preflearn/programs/generating/generation_setup.hpp>
#include <preflearn/programs/generating/judged_responses.hpp>
#include <preflearn/programs/generating/prompt_file.hpp>
#include <preflearn/programs/generating/response_lines.hpp>
#include <preflearn/programs/generating/response_text.hpp>
#include <preflearn/programs/generating/searched_responses.hpp>
