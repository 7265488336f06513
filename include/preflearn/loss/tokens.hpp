/// \file
/// Everything of `loss/tokens`: losses over the log-probs of tokens.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/loss/tokens/evaluate.hpp>
#include <preflearn/loss/tokens/from_tokens.hpp>
#include <preflearn/loss/tokens/named.hpp>
#include <preflearn/loss/tokens/parts.hpp>
#include <preflearn/loss/tokens/rows.hpp>
#include <preflearn/loss/tokens/scores.hpp>
#include <preflearn/loss/tokens/spa.hpp>
#include <preflearn/loss/tokens/wspo.hpp>
