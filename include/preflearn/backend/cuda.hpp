/// \file
/// The CUDA backend as the host sees it: arrays and operations on a device, cuBLASLt's products, devices and errors.
/// Needs the target preflearn::cuda, which has the kernels (a component of its own).
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/backend/cuda/array.hpp>
#include <preflearn/backend/cuda/attention_tiles.hpp>
#include <preflearn/backend/cuda/backend.hpp>
#include <preflearn/backend/cuda/bradley_terry.hpp>
#include <preflearn/backend/cuda/cublaslt.hpp>
#include <preflearn/backend/cuda/cublaslt_library.hpp>
#include <preflearn/backend/cuda/cublaslt_product.hpp>
#include <preflearn/backend/cuda/device.hpp>
#include <preflearn/backend/cuda/embed_tokens.hpp>
#include <preflearn/backend/cuda/error.hpp>
#include <preflearn/backend/cuda/gemm.hpp>
#include <preflearn/backend/cuda/held_matrix.hpp>
#include <preflearn/backend/cuda/low_rank.hpp>
#include <preflearn/backend/cuda/memory.hpp>
#include <preflearn/backend/cuda/operations.hpp>
#include <preflearn/backend/cuda/pairwise_loss.hpp>
#include <preflearn/backend/cuda/planned_attention.hpp>
#include <preflearn/backend/cuda/row_grid.hpp>
#include <preflearn/backend/cuda/row_turns.hpp>
#include <preflearn/backend/cuda/stream.hpp>
#include <preflearn/backend/cuda/sum_room.hpp>
#include <preflearn/backend/cuda/upload.hpp>
#include <preflearn/backend/cuda/vocabulary.hpp>
