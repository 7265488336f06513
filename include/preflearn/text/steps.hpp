/// \file
/// Everything of `text/steps`: what is done to a text before it is encoded.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/text/steps/named_pretokenisers.hpp>
#include <preflearn/text/steps/normalise.hpp>
#include <preflearn/text/steps/patterns.hpp>
#include <preflearn/text/steps/position.hpp>
#include <preflearn/text/steps/pretokenise.hpp>
#include <preflearn/text/steps/recognise.hpp>
#include <preflearn/text/steps/split.hpp>
