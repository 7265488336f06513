/// \file
/// Results for people and programs: tables as text, Markdown, CSV and JSON, figures as SVG, and a run's manifest.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/report/dot_plot.hpp>
#include <preflearn/report/dot_plot_svg.hpp>
#include <preflearn/report/file_hash.hpp>
#include <preflearn/report/heat_map.hpp>
#include <preflearn/report/heat_map_svg.hpp>
#include <preflearn/report/json_number.hpp>
#include <preflearn/report/line_plot.hpp>
#include <preflearn/report/line_plot_svg.hpp>
#include <preflearn/report/manifest.hpp>
#include <preflearn/report/plot_axis.hpp>
#include <preflearn/report/svg.hpp>
#include <preflearn/report/table.hpp>
#include <preflearn/report/table_data.hpp>
#include <preflearn/report/table_text.hpp>
#include <preflearn/report/unicode_text.hpp>
#include <preflearn/report/write.hpp>
