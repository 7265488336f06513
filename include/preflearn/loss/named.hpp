/// \file
/// Preference losses by their published names: each is a few parts and the defaults of its paper.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/loss/named_divergence.hpp>
#include <preflearn/loss/named_pointwise.hpp>
#include <preflearn/loss/named_reference_free.hpp>
#include <preflearn/loss/named_relatives.hpp>
#include <preflearn/loss/named_reward.hpp>
