/// \file
/// Everything of `pipeline/labelling`: a labelled file by a teacher: read, judged, decided, written.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/programs/labelling/judged_file.hpp>
#include <preflearn/programs/labelling/judged_shards.hpp>
#include <preflearn/programs/labelling/label_calibration.hpp>
#include <preflearn/programs/labelling/label_checks.hpp>
#include <preflearn/programs/labelling/label_decision.hpp>
#include <preflearn/programs/labelling/label_decisions.hpp>
#include <preflearn/programs/labelling/label_file.hpp>
#include <preflearn/programs/labelling/label_flipping.hpp>
#include <preflearn/programs/labelling/label_lines.hpp>
#include <preflearn/programs/labelling/label_noise.hpp>
#include <preflearn/programs/labelling/label_options.hpp>
#include <preflearn/programs/labelling/label_record.hpp>
#include <preflearn/programs/labelling/labelled_file.hpp>
#include <preflearn/programs/labelling/length_debiasing.hpp>
#include <preflearn/programs/labelling/surveyed_file.hpp>
