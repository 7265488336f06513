/// \file
/// Everything of `pipeline/pairs`: files of preferences looked at and prepared.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/pipeline/pairs/pair_summary.hpp>
#include <preflearn/pipeline/pairs/pairs_program.hpp>
