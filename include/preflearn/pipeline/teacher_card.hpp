/// \file
/// Everything of `pipeline/teacher_card`: a teacher's card.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/pipeline/teacher_card/card_calibration.hpp>
#include <preflearn/pipeline/teacher_card/card_categories.hpp>
#include <preflearn/pipeline/teacher_card/card_consistency.hpp>
#include <preflearn/pipeline/teacher_card/card_figures.hpp>
#include <preflearn/pipeline/teacher_card/card_groups.hpp>
#include <preflearn/pipeline/teacher_card/card_json.hpp>
#include <preflearn/pipeline/teacher_card/card_pairs.hpp>
#include <preflearn/pipeline/teacher_card/card_shares.hpp>
#include <preflearn/pipeline/teacher_card/card_tables.hpp>
#include <preflearn/pipeline/teacher_card/difference_correlation.hpp>
#include <preflearn/pipeline/teacher_card/symmetric_ratings.hpp>
#include <preflearn/pipeline/teacher_card/teacher_card.hpp>
#include <preflearn/pipeline/teacher_card/write_card.hpp>
