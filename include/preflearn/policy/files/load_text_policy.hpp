/// \file
/// A policy over text from disk: tokenizer and language model of one file or folder.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <filesystem>
#include <utility>

#include <preflearn/policy/files/load.hpp>
#include <preflearn/policy/files/text_policy_loader.hpp>
#include <preflearn/policy/text/text_policy.hpp>
#include <preflearn/policy/transformer.hpp>
#include <preflearn/text/files/load.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

template <std::floating_point Scalar, class Backend>
text_policy<transformer<Scalar, Backend>> load_text_policy(const std::filesystem::path& path,
                                                           const text_policy_options& options,
                                                           const tokenizer_options& reading) {
    tokenizer words = load_tokenizer(path, reading); // first, since it is quicker to fail
    return {std::move(words), load_transformer<Scalar, Backend>(path), options};
}

} // namespace preflearn
