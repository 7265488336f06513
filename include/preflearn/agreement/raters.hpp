/// \file
/// Everything of `agreement/raters`: how far raters agree.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/agreement/raters/chance_corrected.hpp>
#include <preflearn/agreement/raters/dawid_skene.hpp>
#include <preflearn/agreement/raters/every_coefficient.hpp>
#include <preflearn/agreement/raters/icc.hpp>
#include <preflearn/agreement/raters/icc_bootstrap.hpp>
#include <preflearn/agreement/raters/krippendorff.hpp>
#include <preflearn/agreement/raters/label_cube.hpp>
#include <preflearn/agreement/raters/marginal_tests.hpp>
#include <preflearn/agreement/raters/rater_pairs.hpp>
#include <preflearn/agreement/raters/rater_shares.hpp>
#include <preflearn/agreement/raters/rating_bootstrap.hpp>
#include <preflearn/agreement/raters/repeats.hpp>
