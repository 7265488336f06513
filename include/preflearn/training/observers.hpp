/// \file
/// Everything of `training/observers`: who watches a run.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/training/observers/progress_bar.hpp>
