/// \file
/// Where arrays live and which matrix product runs.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/backend/chained_product.hpp>
#include <preflearn/backend/cpu.hpp>
#include <preflearn/backend/few_rows.hpp>
