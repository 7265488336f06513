/// \file
/// Everything of `pipeline/agreement`: the study of a table of ratings.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/pipeline/agreement/rating_categories.hpp>
#include <preflearn/pipeline/agreement/report.hpp>
#include <preflearn/pipeline/agreement/study.hpp>
