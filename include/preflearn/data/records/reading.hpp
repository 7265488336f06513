/// \file
/// Everything of `data/records/reading`: prompts with any number of responses, read in every form of the field.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/data/records/reading/gathered_singles.hpp>
#include <preflearn/data/records/reading/many_responses.hpp>
#include <preflearn/data/records/reading/parse_responses.hpp>
#include <preflearn/data/records/reading/record_columns.hpp>
#include <preflearn/data/records/reading/record_forms.hpp>
#include <preflearn/data/records/reading/record_reader.hpp>
#include <preflearn/data/records/reading/record_turns.hpp>
#include <preflearn/data/records/reading/response_record.hpp>
#include <preflearn/data/records/reading/walk_records.hpp>
