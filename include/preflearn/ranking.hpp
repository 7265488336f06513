/// \file
/// Ratings of items from games between them: the Bradley-Terry family, with certificates and uncertainty.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/ranking/board_faults.hpp>
#include <preflearn/ranking/bootstrap.hpp>
#include <preflearn/ranking/conjugate_gradients.hpp>
#include <preflearn/ranking/covariance.hpp>
#include <preflearn/ranking/elo.hpp>
#include <preflearn/ranking/features.hpp>
#include <preflearn/ranking/firth.hpp>
#include <preflearn/ranking/fit.hpp>
#include <preflearn/ranking/fit_games.hpp>
#include <preflearn/ranking/game_information.hpp>
#include <preflearn/ranking/game_model.hpp>
#include <preflearn/ranking/games.hpp>
#include <preflearn/ranking/item_records.hpp>
#include <preflearn/ranking/judges.hpp>
#include <preflearn/ranking/lbfgs.hpp>
#include <preflearn/ranking/link.hpp>
#include <preflearn/ranking/minorise.hpp>
#include <preflearn/ranking/model.hpp>
#include <preflearn/ranking/newton.hpp>
#include <preflearn/ranking/pair_counts.hpp>
#include <preflearn/ranking/plackett_luce.hpp>
#include <preflearn/ranking/predict.hpp>
#include <preflearn/ranking/prior.hpp>
#include <preflearn/ranking/probed_errors.hpp>
#include <preflearn/ranking/quasi_variance.hpp>
#include <preflearn/ranking/rank_tiers.hpp>
#include <preflearn/ranking/rate.hpp>
#include <preflearn/ranking/spectral.hpp>
#include <preflearn/ranking/strength_tree.hpp>
#include <preflearn/ranking/ties.hpp>
#include <preflearn/ranking/tree_climb.hpp>
#include <preflearn/ranking/tree_system.hpp>
#include <preflearn/ranking/win_graph.hpp>
