/// \file
/// Everything of `policy/family`: families of models.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/policy/family/llama.hpp>
