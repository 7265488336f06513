/// \file
/// Everything of `data/records`: prompts with any number of responses, in every form of the field, and their way from
/// one into another.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/data/records/gathered_singles.hpp>
#include <preflearn/data/records/parse_responses.hpp>
#include <preflearn/data/records/preparation.hpp>
#include <preflearn/data/records/prepare_options.hpp>
#include <preflearn/data/records/prepare_records.hpp>
#include <preflearn/data/records/record_columns.hpp>
#include <preflearn/data/records/record_counts.hpp>
#include <preflearn/data/records/record_forms.hpp>
#include <preflearn/data/records/record_items.hpp>
#include <preflearn/data/records/record_keys.hpp>
#include <preflearn/data/records/record_lengths.hpp>
#include <preflearn/data/records/record_lines.hpp>
#include <preflearn/data/records/record_reader.hpp>
#include <preflearn/data/records/record_target.hpp>
#include <preflearn/data/records/record_turns.hpp>
#include <preflearn/data/records/response_record.hpp>
#include <preflearn/data/records/split_parts.hpp>
#include <preflearn/data/records/walk_records.hpp>
#include <preflearn/data/records/written_ids.hpp>
