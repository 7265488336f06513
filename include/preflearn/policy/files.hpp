/// \file
/// Everything of `policy/files`: models on disk.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/policy/files/config_files.hpp>
#include <preflearn/policy/files/family_fields.hpp>
#include <preflearn/policy/files/gguf_config.hpp>
#include <preflearn/policy/files/json_fields.hpp>
#include <preflearn/policy/files/load.hpp>
#include <preflearn/policy/files/load_text_policy.hpp>
#include <preflearn/policy/files/new_gguf.hpp>
#include <preflearn/policy/files/rope_fields.hpp>
#include <preflearn/policy/files/save.hpp>
#include <preflearn/policy/files/save_gguf.hpp>
#include <preflearn/policy/files/sequence_classifier.hpp>
#include <preflearn/policy/files/tensor_forms.hpp>
#include <preflearn/policy/files/text_policy_loader.hpp>
#include <preflearn/policy/files/transformer_loader.hpp>
#include <preflearn/policy/files/unread_fields.hpp>
