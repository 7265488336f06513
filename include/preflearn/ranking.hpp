/// \file
/// Ratings of items from games between them: the Bradley-Terry family, with certificates and uncertainty.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/ranking/board.hpp>
#include <preflearn/ranking/errors.hpp>
#include <preflearn/ranking/fit.hpp>
#include <preflearn/ranking/model.hpp>
#include <preflearn/ranking/rate.hpp>
#include <preflearn/ranking/solver.hpp>
