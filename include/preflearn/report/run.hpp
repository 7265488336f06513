/// \file
/// Everything of `report/run`: what a run was, and files of reports.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/report/run/file_hash.hpp>
#include <preflearn/report/run/manifest.hpp>
#include <preflearn/report/run/write.hpp>
