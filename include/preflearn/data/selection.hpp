/// \file
/// Everything of `data/selection`: which pairs are used, and for what.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/data/selection/filter.hpp>
#include <preflearn/data/selection/fitting.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/data/selection/prompt_groups.hpp>
#include <preflearn/data/selection/split.hpp>
