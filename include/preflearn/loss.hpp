/// \file
/// Everything of the room `loss`: preference losses as compositions of parts, and the log-softmax of vocabulary rows.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/loss/any_loss.hpp>
#include <preflearn/loss/batch_confidence.hpp>
#include <preflearn/loss/batch_normalised.hpp>
#include <preflearn/loss/batch_robust.hpp>
#include <preflearn/loss/columns.hpp>
#include <preflearn/loss/coupled.hpp>
#include <preflearn/loss/coupled_list.hpp>
#include <preflearn/loss/divergence.hpp>
#include <preflearn/loss/elementary.hpp>
#include <preflearn/loss/evaluate.hpp>
#include <preflearn/loss/link.hpp>
#include <preflearn/loss/list.hpp>
#include <preflearn/loss/logit_transform.hpp>
#include <preflearn/loss/margin_links.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/loss/named_token_level.hpp>
#include <preflearn/loss/optimal_transport.hpp>
#include <preflearn/loss/pair_links.hpp>
#include <preflearn/loss/pairwise.hpp>
#include <preflearn/loss/score.hpp>
#include <preflearn/loss/softmax.hpp>
#include <preflearn/loss/target.hpp>
#include <preflearn/loss/term.hpp>
#include <preflearn/loss/token_level.hpp>
#include <preflearn/loss/token_part.hpp>
#include <preflearn/loss/token_rows.hpp>
#include <preflearn/loss/token_scores.hpp>
#include <preflearn/loss/vocabulary.hpp>
#include <preflearn/loss/weight.hpp>
#include <preflearn/loss/weighted_sum.hpp>
#include <preflearn/loss/wspo.hpp>
