/// \file
/// Everything of `loss/groups`: losses of three and more responses.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/loss/groups/plackett_luce.hpp>
#include <preflearn/loss/groups/tpo.hpp>
#include <preflearn/loss/groups/triples.hpp>
