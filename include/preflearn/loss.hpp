/// \file
/// Everything of the room `loss`: preference losses as compositions of parts, and the log-softmax of vocabulary rows.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/loss/any_loss.hpp>
#include <preflearn/loss/columns.hpp>
#include <preflearn/loss/divergence.hpp>
#include <preflearn/loss/elementary.hpp>
#include <preflearn/loss/evaluate.hpp>
#include <preflearn/loss/link.hpp>
#include <preflearn/loss/list.hpp>
#include <preflearn/loss/logit_transform.hpp>
#include <preflearn/loss/margin_links.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/loss/pair_links.hpp>
#include <preflearn/loss/pairwise.hpp>
#include <preflearn/loss/score.hpp>
#include <preflearn/loss/softmax.hpp>
#include <preflearn/loss/target.hpp>
#include <preflearn/loss/term.hpp>
#include <preflearn/loss/vocabulary.hpp>
#include <preflearn/loss/weight.hpp>
#include <preflearn/loss/weighted_sum.hpp>
