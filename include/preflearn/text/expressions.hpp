/// \file
/// Everything of `text/expressions`: regular expressions as automata.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/text/expressions/expression.hpp>
#include <preflearn/text/expressions/expression_syntax.hpp>
