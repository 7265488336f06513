/// \file
/// Everything of `agreement/policies`: policies against each other.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/agreement/policies/best_of.hpp>
#include <preflearn/agreement/policies/gap_recovered.hpp>
#include <preflearn/agreement/policies/length_control.hpp>
#include <preflearn/agreement/policies/win_rate.hpp>
