/// \file
/// Everything of `data/records/preparing`: records counted, converted, filtered, split and written.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/data/records/preparing/preparation.hpp>
#include <preflearn/data/records/preparing/prepare_options.hpp>
#include <preflearn/data/records/preparing/prepare_records.hpp>
#include <preflearn/data/records/preparing/record_counts.hpp>
#include <preflearn/data/records/preparing/record_items.hpp>
#include <preflearn/data/records/preparing/record_keys.hpp>
#include <preflearn/data/records/preparing/record_lengths.hpp>
#include <preflearn/data/records/preparing/record_lines.hpp>
#include <preflearn/data/records/preparing/record_target.hpp>
#include <preflearn/data/records/preparing/split_parts.hpp>
#include <preflearn/data/records/preparing/written_ids.hpp>
