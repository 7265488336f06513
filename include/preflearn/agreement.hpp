/// \file
/// How much labels, judges and policies agree, and how sure we are: shares with intervals, chance-corrected
/// coefficients, rank and probability metrics, win rates.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/agreement/labels.hpp>
#include <preflearn/agreement/policies.hpp>
#include <preflearn/agreement/ranks.hpp>
#include <preflearn/agreement/raters.hpp>
#include <preflearn/agreement/ratings.hpp>
#include <preflearn/agreement/uncertainty.hpp>
