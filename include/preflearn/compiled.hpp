/// \file
/// What the target `preflearn::compiled` holds: templates of ready-made models, losses by name and ratings, and what
/// reads files (functions that are templates only for that, see core/on_demand.hpp), made once there instead of in each
/// program. Include this, or the part of it that is wanted, in place of the headers that it includes, and link the
/// target; without it the linker misses what they declare. All else stays header-only.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/compiled/files.hpp>
#include <preflearn/compiled/losses.hpp>
#include <preflearn/compiled/models.hpp>
#include <preflearn/compiled/ratings.hpp>
