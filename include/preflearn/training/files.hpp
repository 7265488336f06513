/// \file
/// Everything of `training/files`: training on disk.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/training/files/reference_cache.hpp>
#include <preflearn/training/files/run_file.hpp>
