/// \file
/// Everything of `ranking/rate`: ratings in one call.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/ranking/rate/elo.hpp>
#include <preflearn/ranking/rate/plackett_luce.hpp>
#include <preflearn/ranking/rate/rate.hpp>
#include <preflearn/ranking/rate/rating_scale.hpp>
