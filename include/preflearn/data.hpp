/// \file
/// Preference data: reading, writing, filtering and splitting pairs.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/data/files.hpp>
#include <preflearn/data/preferences.hpp>
#include <preflearn/data/records.hpp>
#include <preflearn/data/selection.hpp>
#include <preflearn/data/tables.hpp>
#include <preflearn/data/world.hpp>
