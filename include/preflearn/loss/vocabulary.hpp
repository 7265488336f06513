/// \file
/// Everything of `loss/vocabulary`: log-softmax, entropy and KL over a vocabulary.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/loss/vocabulary/divergence.hpp>
#include <preflearn/loss/vocabulary/extrapolation.hpp>
#include <preflearn/loss/vocabulary/linear_divergence.hpp>
#include <preflearn/loss/vocabulary/linear_log_probs.hpp>
#include <preflearn/loss/vocabulary/linear_preference.hpp>
#include <preflearn/loss/vocabulary/log_softmax.hpp>
#include <preflearn/loss/vocabulary/logit_transform.hpp>
#include <preflearn/loss/vocabulary/softmax.hpp>
#include <preflearn/loss/vocabulary/tiles.hpp>
