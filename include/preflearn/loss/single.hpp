/// \file
/// Everything of `loss/single`: losses of single completions.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/loss/single/bco.hpp>
#include <preflearn/loss/single/completions.hpp>
#include <preflearn/loss/single/kto.hpp>
