/// \file
/// Everything of the room `training`: the optimiser, the loop, supervised and preference training, checkpoints.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/training/adamw.hpp>
#include <preflearn/training/clip.hpp>
#include <preflearn/training/fingerprint.hpp>
#include <preflearn/training/loop.hpp>
#include <preflearn/training/metrics.hpp>
#include <preflearn/training/options.hpp>
#include <preflearn/training/preference.hpp>
#include <preflearn/training/reference.hpp>
#include <preflearn/training/resume.hpp>
#include <preflearn/training/schedule.hpp>
#include <preflearn/training/supervised.hpp>
