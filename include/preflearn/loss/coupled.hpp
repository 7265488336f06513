/// \file
/// Everything of `loss/coupled`: losses whose pairs depend on each other.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/loss/coupled/confidence.hpp>
#include <preflearn/loss/coupled/coupled_loss.hpp>
#include <preflearn/loss/coupled/filtered.hpp>
#include <preflearn/loss/coupled/normalised.hpp>
#include <preflearn/loss/coupled/optimal_transport.hpp>
#include <preflearn/loss/coupled/reward_shift.hpp>
#include <preflearn/loss/coupled/robust.hpp>
#include <preflearn/loss/coupled/running_mean.hpp>
#include <preflearn/loss/coupled/weighted_sum.hpp>
