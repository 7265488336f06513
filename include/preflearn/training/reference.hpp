/// \file
/// Everything of `training/reference`: the reference model's numbers.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/training/reference/learns_beside.hpp>
#include <preflearn/training/reference/reference.hpp>
#include <preflearn/training/reference/token_reference.hpp>
