/// \file
/// Everything of `ranking/model`: the Bradley-Terry family as parts.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/ranking/model/board_model.hpp>
#include <preflearn/ranking/model/features.hpp>
#include <preflearn/ranking/model/game_information.hpp>
#include <preflearn/ranking/model/game_layout.hpp>
#include <preflearn/ranking/model/game_likelihood.hpp>
#include <preflearn/ranking/model/game_model.hpp>
#include <preflearn/ranking/model/judges.hpp>
#include <preflearn/ranking/model/likelihood_rows.hpp>
#include <preflearn/ranking/model/link.hpp>
#include <preflearn/ranking/model/prior.hpp>
#include <preflearn/ranking/model/ties.hpp>
#include <preflearn/ranking/model/vectors.hpp>
