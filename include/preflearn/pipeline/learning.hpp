/// \file
/// Everything of `pipeline/learning`: a training run of a program, its settings and its report.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/pipeline/learning/learning_run.hpp>
#include <preflearn/pipeline/learning/learning_steps.hpp>
#include <preflearn/pipeline/learning/training_report.hpp>
#include <preflearn/pipeline/learning/training_settings.hpp>
#include <preflearn/pipeline/learning/watched_training.hpp>
