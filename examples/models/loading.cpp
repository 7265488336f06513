// SPDX-License-Identifier: MIT
#include "loading.hpp"

namespace preflearn {

template any_transformer<float> load_any_transformer<float>(const any_backend<float>&, const std::filesystem::path&,
                                                            const trained_tensors&, std::span<const decoder_family>);
namespace detail {

template model_file open_model(const std::filesystem::path&, std::span<const decoder_family>, bool);
template decoder_adapters adapters_of_file(const checkpoint_file&, const adapter_config&, const decoder_layout&);
template text_policy<any_transformer<float>>
load_text_model<float>(const any_backend<float>&, const std::filesystem::path&, const text_model_options&);

} // namespace detail

} // namespace preflearn
