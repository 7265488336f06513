/// \file
/// Everything of the room `loss_values`: a CSV file's numbers through any loss.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/loss_values/columns.hpp>
#include <preflearn/loss_values/completions.hpp>
#include <preflearn/loss_values/describe.hpp>
#include <preflearn/loss_values/lists.hpp>
#include <preflearn/loss_values/pairs.hpp>
#include <preflearn/loss_values/tokens.hpp>
