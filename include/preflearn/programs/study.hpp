/// \file
/// Everything of `programs/study`: the whole study on texts, which leaves what it made in the programs' formats.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/programs/study/kept_study.hpp>
#include <preflearn/programs/study/study_labels.hpp>
