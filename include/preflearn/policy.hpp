/// \file
/// Language models: the transformer, its parts and families, sampling, loading and saving, and policies over text.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/policy/activation.hpp>
#include <preflearn/policy/activations.hpp>
#include <preflearn/policy/attention.hpp>
#include <preflearn/policy/batch.hpp>
#include <preflearn/policy/cache.hpp>
#include <preflearn/policy/config.hpp>
#include <preflearn/policy/config_files.hpp>
#include <preflearn/policy/decoder_layer.hpp>
#include <preflearn/policy/draw.hpp>
#include <preflearn/policy/encoded_texts.hpp>
#include <preflearn/policy/generate.hpp>
#include <preflearn/policy/initialise.hpp>
#include <preflearn/policy/layout.hpp>
#include <preflearn/policy/llama.hpp>
#include <preflearn/policy/load.hpp>
#include <preflearn/policy/log_prob_head.hpp>
#include <preflearn/policy/norm.hpp>
#include <preflearn/policy/rotary.hpp>
#include <preflearn/policy/row_pieces.hpp>
#include <preflearn/policy/scratch.hpp>
#include <preflearn/policy/settings.hpp>
#include <preflearn/policy/text_policy.hpp>
#include <preflearn/policy/transformer.hpp>
