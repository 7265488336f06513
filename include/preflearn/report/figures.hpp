/// \file
/// Everything of `report/figures`: figures.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/report/figures/dot_plot.hpp>
#include <preflearn/report/figures/dot_plot_svg.hpp>
#include <preflearn/report/figures/heat_map.hpp>
#include <preflearn/report/figures/heat_map_svg.hpp>
#include <preflearn/report/figures/line_plot.hpp>
#include <preflearn/report/figures/line_plot_svg.hpp>
#include <preflearn/report/figures/plot_axis.hpp>
#include <preflearn/report/figures/svg.hpp>
