/// \file
/// Language models: the transformer, its parts and families, sampling, loading and saving, and policies over text.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/policy/adapters.hpp>
#include <preflearn/policy/any_backend.hpp>
#include <preflearn/policy/any_scalar_head.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/decoder.hpp>
#include <preflearn/policy/family.hpp>
#include <preflearn/policy/files.hpp>
#include <preflearn/policy/reward_head.hpp>
#include <preflearn/policy/sampling.hpp>
#include <preflearn/policy/text.hpp>
#include <preflearn/policy/transformer.hpp>
