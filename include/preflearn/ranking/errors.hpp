/// \file
/// Everything of `ranking/errors`: how sure ratings are, and what they predict.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/ranking/errors/bootstrap.hpp>
#include <preflearn/ranking/errors/covariance.hpp>
#include <preflearn/ranking/errors/game_errors.hpp>
#include <preflearn/ranking/errors/predict.hpp>
#include <preflearn/ranking/errors/probed_errors.hpp>
#include <preflearn/ranking/errors/quasi_variance.hpp>
#include <preflearn/ranking/errors/rank_tiers.hpp>
