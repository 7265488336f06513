/// \file
/// Tokenizers and conversation formats.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/text/added_tokens.hpp>
#include <preflearn/text/bpe.hpp>
#include <preflearn/text/byte_alphabet.hpp>
#include <preflearn/text/chat.hpp>
#include <preflearn/text/chat_formats.hpp>
#include <preflearn/text/chat_template.hpp>
#include <preflearn/text/end_of_turn.hpp>
#include <preflearn/text/load.hpp>
#include <preflearn/text/merge.hpp>
#include <preflearn/text/model_chat.hpp>
#include <preflearn/text/normalise.hpp>
#include <preflearn/text/pipeline_json.hpp>
#include <preflearn/text/position.hpp>
#include <preflearn/text/pretokenise.hpp>
#include <preflearn/text/split.hpp>
#include <preflearn/text/template_expression_parser.hpp>
#include <preflearn/text/template_lexer.hpp>
#include <preflearn/text/template_methods.hpp>
#include <preflearn/text/template_parser.hpp>
#include <preflearn/text/template_render.hpp>
#include <preflearn/text/template_syntax.hpp>
#include <preflearn/text/template_values.hpp>
#include <preflearn/text/tokenizer.hpp>
#include <preflearn/text/tokenizer_gguf.hpp>
#include <preflearn/text/tokenizer_json.hpp>
#include <preflearn/text/unicode.hpp>
#include <preflearn/text/vocabulary.hpp>
