/// \file
/// Everything of `policy/family`: families of models.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/policy/family/decoder_family.hpp>
#include <preflearn/policy/family/families.hpp>
#include <preflearn/policy/family/gemma.hpp>
#include <preflearn/policy/family/gemma2.hpp>
#include <preflearn/policy/family/gemma3.hpp>
#include <preflearn/policy/family/llama.hpp>
#include <preflearn/policy/family/qwen2.hpp>
