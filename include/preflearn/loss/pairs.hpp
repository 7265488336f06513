/// \file
/// Everything of `loss/pairs`: losses of pairs: the walk over a batch and what surrounds it.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/loss/pairs/certain_pairs.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>
#include <preflearn/loss/pairs/evaluate.hpp>
#include <preflearn/loss/pairs/fault_place.hpp>
#include <preflearn/loss/pairs/faults.hpp>
#include <preflearn/loss/pairs/mixed_penalty.hpp>
#include <preflearn/loss/pairs/one_pair.hpp>
#include <preflearn/loss/pairs/pairwise.hpp>
#include <preflearn/loss/pairs/pieces.hpp>
#include <preflearn/loss/pairs/rewards_scaled.hpp>
#include <preflearn/loss/pairs/slices.hpp>
#include <preflearn/loss/pairs/steps.hpp>
#include <preflearn/loss/pairs/walk.hpp>
