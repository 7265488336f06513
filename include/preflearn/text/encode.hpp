/// \file
/// Everything of `text/encode`: pieces of text to tokens.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/text/encode/added_tokens.hpp>
#include <preflearn/text/encode/bpe.hpp>
#include <preflearn/text/encode/merge.hpp>
#include <preflearn/text/encode/unigram.hpp>
#include <preflearn/text/encode/vocabulary.hpp>
