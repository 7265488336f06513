/// \file
/// Everything of `pipeline/comparing`: files of labels held against each other and a truth.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/programs/comparing/all_sources.hpp>
#include <preflearn/programs/comparing/compare_files.hpp>
#include <preflearn/programs/comparing/compare_options.hpp>
#include <preflearn/programs/comparing/compared_file.hpp>
#include <preflearn/programs/comparing/compared_sources.hpp>
#include <preflearn/programs/comparing/comparing_work.hpp>
#include <preflearn/programs/comparing/comparison_json.hpp>
#include <preflearn/programs/comparing/comparison_rows.hpp>
#include <preflearn/programs/comparing/comparison_tables.hpp>
#include <preflearn/programs/comparing/label_comparison.hpp>
#include <preflearn/programs/comparing/matched_sources.hpp>
#include <preflearn/programs/comparing/ranked_lists.hpp>
#include <preflearn/programs/comparing/source_pairs.hpp>
#include <preflearn/programs/comparing/write_comparison.hpp>
#include <preflearn/programs/comparing/write_subsets.hpp>
