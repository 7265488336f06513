/// \file
/// Everything of `policy/decoder`: the decoder and its arrays.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/decoder_layer.hpp>
#include <preflearn/policy/decoder/initialise.hpp>
#include <preflearn/policy/decoder/kept_rows.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/decoder/packed_batch.hpp>
#include <preflearn/policy/decoder/rotary.hpp>
