/// \file
/// The whole library; each room of `preflearn/` has a header of its own and can be included alone. What the programs of
/// examples/ do with files is apart, in `preflearn/programs.hpp`.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/agreement.hpp>
#include <preflearn/backend.hpp>
#include <preflearn/checkpoint.hpp>
#include <preflearn/core.hpp>
#include <preflearn/data.hpp>
#include <preflearn/loss.hpp>
#include <preflearn/loss_values.hpp>
#include <preflearn/pipeline.hpp>
#include <preflearn/policy.hpp>
#include <preflearn/products.hpp>
#include <preflearn/ranking.hpp>
#include <preflearn/report.hpp>
#include <preflearn/reward.hpp>
#include <preflearn/teacher.hpp>
#include <preflearn/text.hpp>
#include <preflearn/training.hpp>
