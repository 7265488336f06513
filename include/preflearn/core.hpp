/// \file
/// The concepts and the vocabulary types that every other room builds on.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/core/atomic_file.hpp>
#include <preflearn/core/chat_message.hpp>
#include <preflearn/core/column.hpp>
#include <preflearn/core/comparison.hpp>
#include <preflearn/core/compiler.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/distribution.hpp>
#include <preflearn/core/error.hpp>
#include <preflearn/core/exact_sum.hpp>
#include <preflearn/core/half.hpp>
#include <preflearn/core/held.hpp>
#include <preflearn/core/interval.hpp>
#include <preflearn/core/log_space.hpp>
#include <preflearn/core/many.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/one_thread.hpp>
#include <preflearn/core/order.hpp>
#include <preflearn/core/parallel.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/progress.hpp>
#include <preflearn/core/ragged.hpp>
#include <preflearn/core/random.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/rounding.hpp>
#include <preflearn/core/sampling.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/core/version.hpp>
