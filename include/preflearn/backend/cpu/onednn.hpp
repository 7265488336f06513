/// \file
/// Everything of `backend/cpu/onednn`: oneDNN's products. Link preflearn::onednn; no other header includes these.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/backend/cpu/onednn/backend.hpp>
#include <preflearn/backend/cpu/onednn/packed_matrix.hpp>
#include <preflearn/backend/cpu/onednn/products.hpp>
#include <preflearn/backend/cpu/onednn/serial_product.hpp>
