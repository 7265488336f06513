/// \file
/// Everything of `data/tables`: tables of games and ratings.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/data/tables/game_table.hpp>
#include <preflearn/data/tables/game_winner.hpp>
#include <preflearn/data/tables/rating_table.hpp>
#include <preflearn/data/tables/table_shape.hpp>
