/// \file
/// Results for people and programs: tables as text, Markdown, CSV and JSON, figures as SVG, and a run's manifest.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/report/figures.hpp>
#include <preflearn/report/run.hpp>
#include <preflearn/report/tables.hpp>
