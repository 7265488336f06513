/// \file
/// Everything of `data/records`: prompts with any number of responses, in every form of the field, and their way from
/// one into another.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/data/records/preparing.hpp>
#include <preflearn/data/records/reading.hpp>
