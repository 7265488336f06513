/// \file
/// Everything of `agreement/ranks`: order, correlation and rank metrics.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/agreement/ranks/auc.hpp>
#include <preflearn/agreement/ranks/correlation.hpp>
#include <preflearn/agreement/ranks/few_values.hpp>
#include <preflearn/agreement/ranks/inversions.hpp>
#include <preflearn/agreement/ranks/kendall.hpp>
#include <preflearn/agreement/ranks/pair_order.hpp>
