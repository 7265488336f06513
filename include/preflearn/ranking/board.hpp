/// \file
/// Everything of `ranking/board`: games and what is counted of them.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/ranking/board/board_faults.hpp>
#include <preflearn/ranking/board/counts.hpp>
#include <preflearn/ranking/board/games.hpp>
#include <preflearn/ranking/board/item_records.hpp>
#include <preflearn/ranking/board/win_graph.hpp>
