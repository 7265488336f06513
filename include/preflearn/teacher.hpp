/// \file
/// Everything of the room `teacher`: what prefers one of two responses.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/teacher/annotator_temperature.hpp>
#include <preflearn/teacher/from_reward.hpp>
#include <preflearn/teacher/longer.hpp>
#include <preflearn/teacher/noisy.hpp>
#include <preflearn/teacher/random.hpp>
#include <preflearn/teacher/recorded.hpp>
#include <preflearn/teacher/rule.hpp>
