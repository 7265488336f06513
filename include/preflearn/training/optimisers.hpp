/// \file
/// Everything of `training/optimisers`: optimisers.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/training/optimisers/adafactor.hpp>
#include <preflearn/training/optimisers/adamw.hpp>
#include <preflearn/training/optimisers/adamw_8bit.hpp>
#include <preflearn/training/optimisers/any_optimiser.hpp>
#include <preflearn/training/optimisers/dynamic_code.hpp>
#include <preflearn/training/optimisers/lion.hpp>
#include <preflearn/training/optimisers/optimiser.hpp>
#include <preflearn/training/optimisers/sgd.hpp>
#include <preflearn/training/optimisers/state.hpp>
