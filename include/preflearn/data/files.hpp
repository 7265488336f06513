/// \file
/// Everything of `data/files`: files of text, tables and JSON.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/data/files/byte_reader.hpp>
#include <preflearn/data/files/csv.hpp>
#include <preflearn/data/files/csv_separator.hpp>
#include <preflearn/data/files/json_line.hpp>
#include <preflearn/data/files/json_objects.hpp>
#include <preflearn/data/files/line_reader.hpp>
#include <preflearn/data/files/missing_values.hpp>
#include <preflearn/data/files/name_index.hpp>
#include <preflearn/data/files/name_of_file.hpp>
#include <preflearn/data/files/named_rows.hpp>
#include <preflearn/data/files/parsed_lines.hpp>
#include <preflearn/data/files/text_encoding.hpp>
#include <preflearn/data/files/text_writer.hpp>
