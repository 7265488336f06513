/// \file
/// How much labels, judges and policies agree, and how sure we are: shares with intervals, chance-corrected
/// coefficients, rank and probability metrics, win rates.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/agreement/accuracy.hpp>
#include <preflearn/agreement/auc.hpp>
#include <preflearn/agreement/best_of.hpp>
#include <preflearn/agreement/bootstrap.hpp>
#include <preflearn/agreement/calibration.hpp>
#include <preflearn/agreement/chance_corrected.hpp>
#include <preflearn/agreement/clustered.hpp>
#include <preflearn/agreement/coded_ratings.hpp>
#include <preflearn/agreement/correlation.hpp>
#include <preflearn/agreement/dawid_skene.hpp>
#include <preflearn/agreement/estimate.hpp>
#include <preflearn/agreement/every_coefficient.hpp>
#include <preflearn/agreement/few_values.hpp>
#include <preflearn/agreement/gap_recovered.hpp>
#include <preflearn/agreement/given_ratings.hpp>
#include <preflearn/agreement/icc.hpp>
#include <preflearn/agreement/inversions.hpp>
#include <preflearn/agreement/kendall.hpp>
#include <preflearn/agreement/krippendorff.hpp>
#include <preflearn/agreement/label_cube.hpp>
#include <preflearn/agreement/length_control.hpp>
#include <preflearn/agreement/margin_bins.hpp>
#include <preflearn/agreement/marginal_tests.hpp>
#include <preflearn/agreement/matrix.hpp>
#include <preflearn/agreement/mismatch.hpp>
#include <preflearn/agreement/moments.hpp>
#include <preflearn/agreement/pair_order.hpp>
#include <preflearn/agreement/proportion.hpp>
#include <preflearn/agreement/rater_pairs.hpp>
#include <preflearn/agreement/rating_bootstrap.hpp>
#include <preflearn/agreement/ratings.hpp>
#include <preflearn/agreement/recalibration.hpp>
#include <preflearn/agreement/repeats.hpp>
#include <preflearn/agreement/selective.hpp>
#include <preflearn/agreement/swap.hpp>
#include <preflearn/agreement/triads.hpp>
#include <preflearn/agreement/weights.hpp>
#include <preflearn/agreement/win_rate.hpp>
