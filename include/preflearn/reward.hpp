/// \file
/// Everything of the room `reward`: models that give a response a number.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/reward/features.hpp>
#include <preflearn/reward/finite.hpp>
#include <preflearn/reward/implicit.hpp>
#include <preflearn/reward/linear.hpp>
#include <preflearn/reward/logistic_fit.hpp>
#include <preflearn/reward/mlp.hpp>
#include <preflearn/reward/strength_table.hpp>
