/// \file
/// Everything of `pipeline/scoring`: texts made ready for a model, log-probs of files of pairs.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/pipeline/scoring/score_file.hpp>
#include <preflearn/pipeline/scoring/score_pairs.hpp>
#include <preflearn/pipeline/scoring/shard.hpp>
#include <preflearn/pipeline/scoring/text_model.hpp>
#include <preflearn/pipeline/scoring/text_reader.hpp>
#include <preflearn/pipeline/scoring/token_cache.hpp>
