/// \file
/// Everything of `data/preferences`: records of preferences, read and written.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/data/preferences/json_id.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/data/preferences/parse_record.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/data/preferences/preference_reader.hpp>
#include <preflearn/data/preferences/record.hpp>
#include <preflearn/data/preferences/repeated_prompt.hpp>
#include <preflearn/data/preferences/transcript.hpp>
#include <preflearn/data/preferences/turns.hpp>
#include <preflearn/data/preferences/verdict_fields.hpp>
#include <preflearn/data/preferences/write_pairs.hpp>
