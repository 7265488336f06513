/// \file
/// Everything of `policy/family`: families of models.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/policy/family/decoder_family.hpp>
#include <preflearn/policy/family/families.hpp>
#include <preflearn/policy/family/gemma.hpp>
#include <preflearn/policy/family/gemma2.hpp>
#include <preflearn/policy/family/gemma3.hpp>
#include <preflearn/policy/family/gemma_rows.hpp>
#include <preflearn/policy/family/gpt2.hpp>
#include <preflearn/policy/family/gpt_neox.hpp>
#include <preflearn/policy/family/llama.hpp>
#include <preflearn/policy/family/llama_rows.hpp>
#include <preflearn/policy/family/mistral.hpp>
#include <preflearn/policy/family/opt.hpp>
#include <preflearn/policy/family/qwen2.hpp>
#include <preflearn/policy/family/qwen3.hpp>
#include <preflearn/policy/family/smollm3.hpp>
