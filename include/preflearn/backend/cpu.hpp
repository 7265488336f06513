/// \file
/// The processor's backend: arrays in memory, and every operation as a kernel on Eigen's packets. Not here: onednn.hpp,
/// whose target must be linked (a component of its own).
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/backend/cpu/activate.hpp>
#include <preflearn/backend/cpu/attend.hpp>
#include <preflearn/backend/cpu/attention_block.hpp>
#include <preflearn/backend/cpu/backend.hpp>
#include <preflearn/backend/cpu/eight_bit.hpp>
#include <preflearn/backend/cpu/embed.hpp>
#include <preflearn/backend/cpu/linear.hpp>
#include <preflearn/backend/cpu/low_rank.hpp>
#include <preflearn/backend/cpu/matrix.hpp>
#include <preflearn/backend/cpu/normalise.hpp>
#include <preflearn/backend/cpu/rotate.hpp>
#include <preflearn/backend/cpu/row_dropout.hpp>
#include <preflearn/backend/cpu/row_pieces.hpp>
#include <preflearn/backend/cpu/rows.hpp>
#include <preflearn/backend/cpu/scratch.hpp>
