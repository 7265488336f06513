/// \file
/// Everything of `loss/named`: preference losses by their published names: each is a few parts and the defaults of its
/// paper.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/loss/named/both_rewards.hpp>
#include <preflearn/loss/named/dpo.hpp>
#include <preflearn/loss/named/dpo_relatives.hpp>
#include <preflearn/loss/named/reference_free.hpp>
#include <preflearn/loss/named/reward_model.hpp>
