/// \file
/// Everything of `training/loop`: the training loop.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/training/loop/clip.hpp>
#include <preflearn/training/loop/culprit.hpp>
#include <preflearn/training/loop/fingerprint.hpp>
#include <preflearn/training/loop/groups.hpp>
#include <preflearn/training/loop/keeper.hpp>
#include <preflearn/training/loop/loop.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/observer.hpp>
#include <preflearn/training/loop/options.hpp>
#include <preflearn/training/loop/run_description.hpp>
#include <preflearn/training/loop/schedule.hpp>
#include <preflearn/training/loop/steps.hpp>
