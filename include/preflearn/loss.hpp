/// \file
/// Everything of the room `loss`: preference losses as compositions of parts, and the log-softmax of vocabulary rows.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/loss/by_name.hpp>
#include <preflearn/loss/coupled.hpp>
#include <preflearn/loss/groups.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/loss/pairs.hpp>
#include <preflearn/loss/parts.hpp>
#include <preflearn/loss/single.hpp>
#include <preflearn/loss/tokens.hpp>
#include <preflearn/loss/vocabulary.hpp>
