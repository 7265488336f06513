/// \file
/// Everything of `pipeline/noise`: how often labels are wrong, and what they are worth.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/pipeline/noise/judged_pairs.hpp>
#include <preflearn/pipeline/noise/noise_estimate.hpp>
#include <preflearn/pipeline/noise/noise_files.hpp>
