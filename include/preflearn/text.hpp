/// \file
/// Tokenizers and conversation formats.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/text/characters.hpp>
#include <preflearn/text/chat.hpp>
#include <preflearn/text/encode.hpp>
#include <preflearn/text/expressions.hpp>
#include <preflearn/text/files.hpp>
#include <preflearn/text/steps.hpp>
#include <preflearn/text/templates.hpp>
#include <preflearn/text/tokenizer.hpp>
