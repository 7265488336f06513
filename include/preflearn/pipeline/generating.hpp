/// \file
/// Everything of `pipeline/generating`: from a model and prompts to responses, drawn, chosen or searched by a teacher.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/pipeline/generating/drawn_responses.hpp>
#include <preflearn/pipeline/generating/generate_file.hpp>
#include <preflearn/pipeline/generating/generate_options.hpp>
#include <preflearn/pipeline/generating/generated_file.hpp>
#include <preflearn/pipeline/generating/generation_setup.hpp>
#include <preflearn/pipeline/generating/judged_responses.hpp>
#include <preflearn/pipeline/generating/prompt_file.hpp>
#include <preflearn/pipeline/generating/response_lines.hpp>
#include <preflearn/pipeline/generating/response_text.hpp>
#include <preflearn/pipeline/generating/searched_responses.hpp>
