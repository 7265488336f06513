/// \file
/// Everything of `loss/parts`: what losses are composed of: score, divergence, link, target, weight.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/loss/parts/about.hpp>
#include <preflearn/loss/parts/check_parameter.hpp>
#include <preflearn/loss/parts/divergence.hpp>
#include <preflearn/loss/parts/label_links.hpp>
#include <preflearn/loss/parts/lengths_read.hpp>
#include <preflearn/loss/parts/link.hpp>
#include <preflearn/loss/parts/margin.hpp>
#include <preflearn/loss/parts/margin_links.hpp>
#include <preflearn/loss/parts/pair_links.hpp>
#include <preflearn/loss/parts/pair_parts.hpp>
#include <preflearn/loss/parts/score.hpp>
#include <preflearn/loss/parts/target.hpp>
#include <preflearn/loss/parts/term.hpp>
#include <preflearn/loss/parts/weight.hpp>
