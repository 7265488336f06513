/// \file
/// Everything of `policy/decoder`: the decoder and its arrays.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/policy/decoder/adapter_layout.hpp>
#include <preflearn/policy/decoder/backward.hpp>
#include <preflearn/policy/decoder/chunks.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/forward.hpp>
#include <preflearn/policy/decoder/frozen_tensors.hpp>
#include <preflearn/policy/decoder/initialise.hpp>
#include <preflearn/policy/decoder/kept_rows.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/decoder/merged_tensor.hpp>
#include <preflearn/policy/decoder/named_tensors.hpp>
#include <preflearn/policy/decoder/packed_batch.hpp>
#include <preflearn/policy/decoder/rotary.hpp>
#include <preflearn/policy/decoder/rows_at_once.hpp>
#include <preflearn/policy/decoder/scored_pass.hpp>
#include <preflearn/policy/decoder/trained_numbers.hpp>
#include <preflearn/policy/decoder/trained_tensors.hpp>
#include <preflearn/policy/decoder/weights.hpp>
