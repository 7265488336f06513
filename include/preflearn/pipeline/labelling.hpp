/// \file
/// Everything of `pipeline/labelling`: a labelled file by a teacher: read, judged, decided, written.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/pipeline/labelling/judged_file.hpp>
#include <preflearn/pipeline/labelling/judged_shards.hpp>
#include <preflearn/pipeline/labelling/label_decisions.hpp>
#include <preflearn/pipeline/labelling/label_file.hpp>
#include <preflearn/pipeline/labelling/label_lines.hpp>
#include <preflearn/pipeline/labelling/label_noise.hpp>
#include <preflearn/pipeline/labelling/label_options.hpp>
#include <preflearn/pipeline/labelling/label_record.hpp>
#include <preflearn/pipeline/labelling/labelled_file.hpp>
#include <preflearn/pipeline/labelling/length_debiasing.hpp>
#include <preflearn/pipeline/labelling/surveyed_file.hpp>
