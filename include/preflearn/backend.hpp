/// \file
/// Where arrays live and which operations run on them: what a device must know, and the processor.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/backend/array_view.hpp>
#include <preflearn/backend/concepts.hpp>
#include <preflearn/backend/cpu.hpp>
#include <preflearn/backend/operands.hpp>
