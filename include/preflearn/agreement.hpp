/// \file
/// How much labels, judges and policies agree, and how sure we are: shares with intervals, chance-corrected
/// coefficients, rank and probability metrics, win rates.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/agreement/accuracy.hpp>
#include <preflearn/agreement/distribution.hpp>
#include <preflearn/agreement/estimate.hpp>
#include <preflearn/agreement/margin_bins.hpp>
#include <preflearn/agreement/matrix.hpp>
#include <preflearn/agreement/mismatch.hpp>
#include <preflearn/agreement/moments.hpp>
#include <preflearn/agreement/proportion.hpp>
#include <preflearn/agreement/win_rate.hpp>
