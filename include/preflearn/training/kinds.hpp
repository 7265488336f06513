/// \file
/// Everything of `training/kinds`: what is trained on.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/training/kinds/completions.hpp>
#include <preflearn/training/kinds/labelled_pairs.hpp>
#include <preflearn/training/kinds/lists.hpp>
#include <preflearn/training/kinds/pair_numbers.hpp>
#include <preflearn/training/kinds/pairs.hpp>
#include <preflearn/training/kinds/supervised.hpp>
#include <preflearn/training/kinds/token_side.hpp>
#include <preflearn/training/kinds/tokens.hpp>
#include <preflearn/training/kinds/triples.hpp>
