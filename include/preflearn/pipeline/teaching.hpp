/// \file
/// Everything of `pipeline/teaching`: a teacher of labelled pairs: data, training, folder.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/pipeline/teaching/hidden_states.hpp>
#include <preflearn/pipeline/teaching/member_reliabilities.hpp>
#include <preflearn/pipeline/teaching/taught_card.hpp>
#include <preflearn/pipeline/teaching/taught_folder.hpp>
#include <preflearn/pipeline/teaching/taught_judge.hpp>
#include <preflearn/pipeline/teaching/taught_kind.hpp>
#include <preflearn/pipeline/teaching/taught_kinds.hpp>
#include <preflearn/pipeline/teaching/teach.hpp>
#include <preflearn/pipeline/teaching/teach_data.hpp>
#include <preflearn/pipeline/teaching/teach_features.hpp>
#include <preflearn/pipeline/teaching/teach_head.hpp>
#include <preflearn/pipeline/teaching/teach_options.hpp>
#include <preflearn/pipeline/teaching/watched_training.hpp>
#include <preflearn/pipeline/teaching/without_model.hpp>
