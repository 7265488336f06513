/// \file
/// Everything of `agreement/uncertainty`: numbers with their uncertainty.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/agreement/uncertainty/bootstrap.hpp>
#include <preflearn/agreement/uncertainty/clustered.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/agreement/uncertainty/holm.hpp>
#include <preflearn/agreement/uncertainty/moments.hpp>
#include <preflearn/agreement/uncertainty/proportion.hpp>
#include <preflearn/agreement/uncertainty/symmetric_system.hpp>
