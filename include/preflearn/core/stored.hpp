/// \file
/// Everything of `core/stored`: how stored numbers are written: element types and quantised blocks.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/core/stored/element.hpp>
#include <preflearn/core/stored/encoded_values.hpp>
#include <preflearn/core/stored/mapped_pages.hpp>
#include <preflearn/core/stored/quantised.hpp>
#include <preflearn/core/stored/stored_matrix.hpp>
#include <preflearn/core/stored/stored_values.hpp>
