/// \file
/// Preference data: reading, writing, filtering and splitting pairs.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/data/byte_reader.hpp>
#include <preflearn/data/csv.hpp>
#include <preflearn/data/filter.hpp>
#include <preflearn/data/fitting.hpp>
#include <preflearn/data/game_table.hpp>
#include <preflearn/data/json_id.hpp>
#include <preflearn/data/json_line.hpp>
#include <preflearn/data/left_out.hpp>
#include <preflearn/data/line_reader.hpp>
#include <preflearn/data/name_index.hpp>
#include <preflearn/data/number.hpp>
#include <preflearn/data/pair_names.hpp>
#include <preflearn/data/parse_record.hpp>
#include <preflearn/data/preference_data.hpp>
#include <preflearn/data/preference_reader.hpp>
#include <preflearn/data/prompt_groups.hpp>
#include <preflearn/data/rating_table.hpp>
#include <preflearn/data/record.hpp>
#include <preflearn/data/repeated_prompt.hpp>
#include <preflearn/data/split.hpp>
#include <preflearn/data/transcript.hpp>
#include <preflearn/data/turns.hpp>
#include <preflearn/data/verdict_fields.hpp>
#include <preflearn/data/world.hpp>
#include <preflearn/data/write_pairs.hpp>
