/// \file
/// What loads a policy over text, declared. The definition is in load_text_policy.hpp, which a program that links the
/// compiled twin does without.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <filesystem>

#include <preflearn/backend/cpu.hpp>
#include <preflearn/policy/text/text_policy.hpp>
#include <preflearn/policy/transformer.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

/// Loads tokenizer and model from a GGUF file, or from a Hugging Face folder (config.json, safetensors,
/// and tokenizer.json or vocab.json with merges.txt). \throws input_error naming the file and what is wrong with it;
/// argument_error for options that it cannot meet.
template <std::floating_point Scalar, class Backend = cpu_backend>
text_policy<transformer<Scalar, Backend>> load_text_policy(const std::filesystem::path& path,
                                                           const text_policy_options& options = {},
                                                           const tokenizer_options& reading = {});

} // namespace preflearn
