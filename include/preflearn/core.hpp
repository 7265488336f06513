/// \file
/// The concepts and the vocabulary types that every other room builds on.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/core/chat_message.hpp>
#include <preflearn/core/column.hpp>
#include <preflearn/core/comparison.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/fields.hpp>
#include <preflearn/core/held.hpp>
#include <preflearn/core/loss_concepts.hpp>
#include <preflearn/core/many.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/numbers.hpp>
#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/ragged.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/response_length.hpp>
#include <preflearn/core/sampling.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/core/stored.hpp>
#include <preflearn/core/system.hpp>
#include <preflearn/core/tokens.hpp>
