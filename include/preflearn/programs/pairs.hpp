/// \file
/// Everything of `pipeline/pairs`: files of preferences looked at and prepared.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/programs/pairs/pair_summary.hpp>
#include <preflearn/programs/pairs/pairs_program.hpp>
