/// \file
/// Ratings of items from games between them: the Bradley-Terry family, with certificates and uncertainty.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/ranking/fit.hpp>
#include <preflearn/ranking/games.hpp>
#include <preflearn/ranking/link.hpp>
#include <preflearn/ranking/minorise.hpp>
#include <preflearn/ranking/model.hpp>
#include <preflearn/ranking/newton.hpp>
#include <preflearn/ranking/pair_counts.hpp>
#include <preflearn/ranking/prior.hpp>
#include <preflearn/ranking/ties.hpp>
#include <preflearn/ranking/win_graph.hpp>
