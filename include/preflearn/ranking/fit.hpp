/// \file
/// Everything of `ranking/fit`: fits with certificates.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/ranking/fit/fit_board.hpp>
#include <preflearn/ranking/fit/fit_games.hpp>
#include <preflearn/ranking/fit/identified_effects.hpp>
