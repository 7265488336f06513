/// \file
/// Defines the operations of operations.hpp, for every element type: device code, compiled once in a program, by nvcc
/// or, on the emulator of the tests, by any compiler. Each kernel's header holds the kernel, what it moves and
/// computes, and the function of operations.hpp that starts it.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/backend/cuda/operations.hpp>

// rows, embedding, norm, rotary, activation
#include <preflearn/backend/cuda/kernels/activation.cuh>
#include <preflearn/backend/cuda/kernels/embedding.cuh>
#include <preflearn/backend/cuda/kernels/norm.cuh>
#include <preflearn/backend/cuda/kernels/rotary.cuh>
#include <preflearn/backend/cuda/kernels/rows.cuh>

// attention
#include <preflearn/backend/cuda/kernels/attend.cuh>

// head
#include <preflearn/backend/cuda/kernels/log_prob.cuh>
#include <preflearn/backend/cuda/kernels/reward_head.cuh>
