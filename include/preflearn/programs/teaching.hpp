/// \file
/// Everything of `pipeline/teaching`: a teacher of labelled pairs: data, training, folder.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/programs/teaching/hidden_states.hpp>
#include <preflearn/programs/teaching/member_reliabilities.hpp>
#include <preflearn/programs/teaching/taught_card.hpp>
#include <preflearn/programs/teaching/taught_folder.hpp>
#include <preflearn/programs/teaching/taught_judge.hpp>
#include <preflearn/programs/teaching/taught_kind.hpp>
#include <preflearn/programs/teaching/taught_kinds.hpp>
#include <preflearn/programs/teaching/taught_repeats.hpp>
#include <preflearn/programs/teaching/teach.hpp>
#include <preflearn/programs/teaching/teach_data.hpp>
#include <preflearn/programs/teaching/teach_features.hpp>
#include <preflearn/programs/teaching/teach_head.hpp>
#include <preflearn/programs/teaching/teach_options.hpp>
#include <preflearn/programs/teaching/watched_training.hpp>
#include <preflearn/programs/teaching/without_model.hpp>
