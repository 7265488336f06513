/// \file
/// Everything of `policy/sampling`: drawing responses.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/policy/sampling/cache.hpp>
#include <preflearn/policy/sampling/continued_scores.hpp>
#include <preflearn/policy/sampling/decoder_calls.hpp>
#include <preflearn/policy/sampling/draw_token.hpp>
#include <preflearn/policy/sampling/drawn_sequences.hpp>
#include <preflearn/policy/sampling/generate.hpp>
#include <preflearn/policy/sampling/held_decoder.hpp>
#include <preflearn/policy/sampling/sampling_groups.hpp>
