/// \file
/// Tokenizers and conversation formats.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/text/added_tokens.hpp>
#include <preflearn/text/added_tokens_json.hpp>
#include <preflearn/text/bpe.hpp>
#include <preflearn/text/byte_alphabet.hpp>
#include <preflearn/text/character_set.hpp>
#include <preflearn/text/chat.hpp>
#include <preflearn/text/expression.hpp>
#include <preflearn/text/expression_syntax.hpp>
#include <preflearn/text/load.hpp>
#include <preflearn/text/merge.hpp>
#include <preflearn/text/named_pretokenisers.hpp>
#include <preflearn/text/normalise.hpp>
#include <preflearn/text/patterns.hpp>
#include <preflearn/text/pipeline_json.hpp>
#include <preflearn/text/pretokenise.hpp>
#include <preflearn/text/recognise.hpp>
#include <preflearn/text/split.hpp>
#include <preflearn/text/tokenizer.hpp>
#include <preflearn/text/tokenizer_gguf.hpp>
#include <preflearn/text/tokenizer_json.hpp>
#include <preflearn/text/unicode.hpp>
#include <preflearn/text/unigram.hpp>
#include <preflearn/text/vocabulary.hpp>
