/// \file
/// Models in float on the processor, and loading them, as `preflearn::compiled` holds them. What loads others is
/// declared here, and defined in policy/files/load_text_policy.hpp.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <span>

#include <preflearn/policy/files/text_policy_loader.hpp>
#include <preflearn/policy/files/transformer_loader.hpp>
// the twin itself includes <preflearn/policy/files/load_text_policy.hpp>

namespace preflearn {

extern template class transformer<float>;
extern template class text_policy<transformer<float>>;
extern template transformer<float> load_transformer<float>(const std::filesystem::path&, const trained_tensors&,
                                                           std::span<const decoder_family>);
extern template text_policy<transformer<float>>
load_text_policy<float>(const std::filesystem::path&, const text_policy_options&, const tokenizer_options&);

} // namespace preflearn
