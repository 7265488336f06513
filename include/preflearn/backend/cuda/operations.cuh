/// \file
/// Defines the operations of operations.hpp, for every element type: device code, compiled once in a program, by nvcc or,
/// on the emulator of the tests, by any compiler. Each kernel's header holds the kernel, what it moves and computes, and
/// the function of operations.hpp that starts it.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/backend/cuda/operations.hpp>

// rows, embedding, norm, rotary, activation

// attention

// head and losses
