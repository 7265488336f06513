/// \file
/// Everything of `text/characters`: UTF-8, character classes and byte-level alphabets.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/text/characters/byte_alphabet.hpp>
#include <preflearn/text/characters/character_set.hpp>
#include <preflearn/text/characters/unicode.hpp>
