/// \file
/// Everything of `programs`: what the programs of examples/ do, from files to files: teach, label, align, generate,
/// evaluate, compare, prepare pairs, go on in rounds.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/programs/aligning.hpp>
#include <preflearn/programs/comparing.hpp>
#include <preflearn/programs/evaluating.hpp>
#include <preflearn/programs/generating.hpp>
#include <preflearn/programs/labelling.hpp>
#include <preflearn/programs/pairs.hpp>
#include <preflearn/programs/rounds.hpp>
#include <preflearn/programs/study.hpp>
#include <preflearn/programs/teaching.hpp>
