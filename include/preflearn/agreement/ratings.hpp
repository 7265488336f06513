/// \file
/// Everything of `agreement/ratings`: what raters said.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/agreement/ratings/coded_ratings.hpp>
#include <preflearn/agreement/ratings/distance_sums.hpp>
#include <preflearn/agreement/ratings/given_ratings.hpp>
#include <preflearn/agreement/ratings/ratings.hpp>
#include <preflearn/agreement/ratings/ratio_sums.hpp>
#include <preflearn/agreement/ratings/unit_profile.hpp>
#include <preflearn/agreement/ratings/weights.hpp>
