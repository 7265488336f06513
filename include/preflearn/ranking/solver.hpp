/// \file
/// Everything of `ranking/solver`: how a maximum is climbed.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/ranking/solver/conjugate_gradients.hpp>
#include <preflearn/ranking/solver/firth.hpp>
#include <preflearn/ranking/solver/lbfgs.hpp>
#include <preflearn/ranking/solver/minorise.hpp>
#include <preflearn/ranking/solver/newton.hpp>
#include <preflearn/ranking/solver/scaled_factors.hpp>
#include <preflearn/ranking/solver/spectral.hpp>
#include <preflearn/ranking/solver/strength_tree.hpp>
#include <preflearn/ranking/solver/symmetric_factors.hpp>
#include <preflearn/ranking/solver/tree_climb.hpp>
#include <preflearn/ranking/solver/tree_system.hpp>
