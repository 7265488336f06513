/// \file
/// Everything of the room `training`: the optimiser, the loop, supervised and preference training (on sums, on tokens,
/// on triples and on rankings), checkpoints.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/training/batch_state.hpp>
#include <preflearn/training/files.hpp>
#include <preflearn/training/kinds.hpp>
#include <preflearn/training/loop.hpp>
#include <preflearn/training/objective.hpp>
#include <preflearn/training/observers.hpp>
#include <preflearn/training/optimisers.hpp>
#include <preflearn/training/reference.hpp>
