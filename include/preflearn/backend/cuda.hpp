/// \file
/// Everything of `backend/cuda`: SAY WHAT.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/backend/cuda/attention_tiles.hpp>
#include <preflearn/backend/cuda/device.hpp>
#include <preflearn/backend/cuda/error.hpp>
#include <preflearn/backend/cuda/gemm.hpp>
#include <preflearn/backend/cuda/memory.hpp>
#include <preflearn/backend/cuda/operations.hpp>
#include <preflearn/backend/cuda/stream.hpp>
#include <preflearn/backend/cuda/upload.hpp>
