/// \file
/// Everything of the room `training`: the optimiser, the loop, supervised and preference training (on sums, on tokens,
/// on triples and on rankings), checkpoints.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/training/adamw.hpp>
#include <preflearn/training/batch_state.hpp>
#include <preflearn/training/clip.hpp>
#include <preflearn/training/culprit.hpp>
#include <preflearn/training/fingerprint.hpp>
#include <preflearn/training/labelled_pairs.hpp>
#include <preflearn/training/learns_beside.hpp>
#include <preflearn/training/listwise.hpp>
#include <preflearn/training/loop.hpp>
#include <preflearn/training/metrics.hpp>
#include <preflearn/training/options.hpp>
#include <preflearn/training/pair_batch.hpp>
#include <preflearn/training/preference.hpp>
#include <preflearn/training/reference.hpp>
#include <preflearn/training/resume.hpp>
#include <preflearn/training/schedule.hpp>
#include <preflearn/training/supervised.hpp>
#include <preflearn/training/token_preference.hpp>
#include <preflearn/training/token_reference.hpp>
#include <preflearn/training/triples.hpp>
#include <preflearn/training/unpaired.hpp>
