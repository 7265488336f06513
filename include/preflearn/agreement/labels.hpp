/// \file
/// Everything of `agreement/labels`: labels against truth and against each other.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/agreement/labels/accuracy.hpp>
#include <preflearn/agreement/labels/accuracy_by_prompt.hpp>
#include <preflearn/agreement/labels/calibration.hpp>
#include <preflearn/agreement/labels/margin_bins.hpp>
#include <preflearn/agreement/labels/mismatch.hpp>
#include <preflearn/agreement/labels/position_bias.hpp>
#include <preflearn/agreement/labels/recalibration.hpp>
#include <preflearn/agreement/labels/selective.hpp>
#include <preflearn/agreement/labels/source_matrix.hpp>
#include <preflearn/agreement/labels/triads.hpp>
