/// \file
/// Everything of `core/numbers`: numbers: log space, exact sums, order, rounding, random draws, distributions.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/core/numbers/distribution.hpp>
#include <preflearn/core/numbers/elementary.hpp>
#include <preflearn/core/numbers/exact_sum.hpp>
#include <preflearn/core/numbers/finite_number.hpp>
#include <preflearn/core/numbers/half.hpp>
#include <preflearn/core/numbers/interval.hpp>
#include <preflearn/core/numbers/lane_sum.hpp>
#include <preflearn/core/numbers/log_mean_exp.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/numbers/number_argument.hpp>
#include <preflearn/core/numbers/order.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/numbers/rounding.hpp>
#include <preflearn/core/numbers/scaled_erfc.hpp>
