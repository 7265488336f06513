/// \file
/// Everything of `policy/text`: language models over texts.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/policy/text/encoded_texts.hpp>
#include <preflearn/policy/text/known_tokens.hpp>
#include <preflearn/policy/text/text_policy.hpp>
