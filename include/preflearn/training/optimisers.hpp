/// \file
/// Everything of `training/optimisers`: optimisers.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/training/optimisers/adamw.hpp>
