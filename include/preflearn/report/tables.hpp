/// \file
/// Everything of `report/tables`: tables.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/report/tables/json_number.hpp>
#include <preflearn/report/tables/table.hpp>
#include <preflearn/report/tables/table_data.hpp>
#include <preflearn/report/tables/table_text.hpp>
#include <preflearn/report/tables/unicode_text.hpp>
