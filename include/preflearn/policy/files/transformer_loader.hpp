/// \file
/// What loads a transformer, declared. The definition is in load.hpp, which a program that links the compiled twin does
/// without.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <filesystem>
#include <span>

#include <preflearn/backend/cpu.hpp>
#include <preflearn/policy/decoder/trained_tensors.hpp>
#include <preflearn/policy/family/decoder_family.hpp>
#include <preflearn/policy/family/families.hpp>
#include <preflearn/policy/transformer.hpp>

namespace preflearn {

/// Loads a model of one of the families `known`: a Hugging Face folder (config.json and safetensors, sharded or not) or
/// a GGUF file. Tensors that are not `trained` stay as they are stored and are read where they lie in the mapped file.
/// Where config.json ties head and embedding but another head is stored, the stored one is used, as transformers does;
/// this and other decisions are in the model's `notes()`.
/// \throws input_error naming file, tensor or field, what was found and what was expected; argument_error when more
/// layers are to be trained than there are.
template <std::floating_point Scalar, class Backend = cpu_backend>
transformer<Scalar, Backend> load_transformer(const std::filesystem::path& path, const trained_tensors& trained = {},
                                              std::span<const decoder_family> known = families::all);

} // namespace preflearn
