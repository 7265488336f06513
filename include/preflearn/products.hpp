/// \file
/// Everything of `products`: products of matrices in memory, every element summed in one order.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/products/arithmetic_peak.hpp>
#include <preflearn/products/chained_product.hpp>
#include <preflearn/products/few_rows.hpp>
#include <preflearn/products/lanes.hpp>
#include <preflearn/products/product.hpp>
#include <preflearn/products/rounded_product.hpp>
#include <preflearn/products/stored_product.hpp>
#include <preflearn/products/turned_blocks.hpp>
#include <preflearn/products/turned_product.hpp>
