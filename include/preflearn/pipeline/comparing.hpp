/// \file
/// Everything of `pipeline/comparing`: files of labels held against each other and a truth.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/pipeline/comparing/all_sources.hpp>
#include <preflearn/pipeline/comparing/compare_files.hpp>
#include <preflearn/pipeline/comparing/compare_options.hpp>
#include <preflearn/pipeline/comparing/compared_file.hpp>
#include <preflearn/pipeline/comparing/compared_sources.hpp>
#include <preflearn/pipeline/comparing/comparison_json.hpp>
#include <preflearn/pipeline/comparing/comparison_tables.hpp>
#include <preflearn/pipeline/comparing/label_comparison.hpp>
#include <preflearn/pipeline/comparing/matched_sources.hpp>
#include <preflearn/pipeline/comparing/ranked_lists.hpp>
#include <preflearn/pipeline/comparing/source_pairs.hpp>
#include <preflearn/pipeline/comparing/write_comparison.hpp>
#include <preflearn/pipeline/comparing/write_subsets.hpp>
