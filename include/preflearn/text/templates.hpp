/// \file
/// Everything of `text/templates`: the interpreter of chat templates.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/text/templates/expression_parser.hpp>
#include <preflearn/text/templates/lexer.hpp>
#include <preflearn/text/templates/methods.hpp>
#include <preflearn/text/templates/parser.hpp>
#include <preflearn/text/templates/render.hpp>
#include <preflearn/text/templates/syntax.hpp>
#include <preflearn/text/templates/values.hpp>
