// SPDX-License-Identifier: MIT
#include <preflearn/compiled/models.hpp>

namespace preflearn {

template class transformer<float>;
template class text_policy<transformer<float>>;
template transformer<float> load_transformer<float>(const std::filesystem::path&, const trained_tensors&,
                                                    std::span<const decoder_family>);
template text_policy<transformer<float>> load_text_policy<float>(const std::filesystem::path&,
                                                                 const text_policy_options&, const tokenizer_options&);

} // namespace preflearn
