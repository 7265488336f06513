// Models from disk, which many programs load, compiled once for all of them (loading.cpp, and of the compiled twin its
// files.cpp).
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <span>

#include <preflearn/compiled/files.hpp>
#include <preflearn/pipeline/scoring/text_model.hpp>
#include <preflearn/policy/adapters/adapter_files.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/files/load.hpp>

namespace preflearn {

extern template any_transformer<float> load_any_transformer<float>(const any_backend<float>&,
                                                                   const std::filesystem::path&, const trained_tensors&,
                                                                   std::span<const decoder_family>);
namespace detail {

extern template model_file open_model(const std::filesystem::path&, std::span<const decoder_family>, bool);
extern template decoder_adapters adapters_of_file(const checkpoint_file&, const adapter_config&, const decoder_layout&);
extern template text_policy<any_transformer<float>>
load_text_model<float>(const any_backend<float>&, const std::filesystem::path&, const text_model_options&);

} // namespace detail

} // namespace preflearn
