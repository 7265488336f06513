/// \file
/// Where arrays live and which matrix product runs.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/backend/cpu.hpp>
