/// \file
/// Everything of `pipeline/ranking`: the rating of a file of games, shown.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/pipeline/ranking/figures.hpp>
#include <preflearn/pipeline/ranking/json.hpp>
#include <preflearn/pipeline/ranking/study.hpp>
#include <preflearn/pipeline/ranking/tables.hpp>
