/// \file
/// Everything of `training/observers`: who watches a run.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/training/observers/early_stop.hpp>
#include <preflearn/training/observers/held_out.hpp>
#include <preflearn/training/observers/held_out_pairs.hpp>
#include <preflearn/training/observers/keep_best.hpp>
#include <preflearn/training/observers/progress_bar.hpp>
