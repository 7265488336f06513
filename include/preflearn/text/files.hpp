/// \file
/// Everything of `text/files`: tokenizers on disk.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/text/files/added_tokens_json.hpp>
#include <preflearn/text/files/gguf_tokenizer_keys.hpp>
#include <preflearn/text/files/gguf_vocabulary.hpp>
#include <preflearn/text/files/load.hpp>
#include <preflearn/text/files/pipeline_json.hpp>
#include <preflearn/text/files/same_ids.hpp>
#include <preflearn/text/files/tokenizer_gguf.hpp>
#include <preflearn/text/files/tokenizer_json.hpp>
#include <preflearn/text/files/vocabulary_merges.hpp>
#include <preflearn/text/files/write_tokenizer_json.hpp>
