/// \file
/// What an adapter is asked to be, with PEFT's names: rank, alpha, dropout, and which modules of the model have one.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/policy/decoder/adapter_layout.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/decoder/named_tensors.hpp>

namespace preflearn {

/// LoRA (Hu et al. 2022, arXiv:2106.09685): W + (alpha / rank) · B A.
struct adapter_options {
    std::size_t rank = 16;
    double alpha = 32;
    double dropout = 0;
    /// alpha / √rank in place of alpha / rank (Kalajdzievski 2023, arXiv:2312.03732).
    bool rank_stabilised = false;
    /// Modules as Hugging Face's model names them, by the end of the name ("q_proj", "mlp.c_proj") or whole;
    /// "all-linear": all matrices of attention and MLP.
    std::vector<std::string> targets{"all-linear"};
    /// Layers that have adapters, from 0; none: all.
    std::vector<std::size_t> layers{};
};

/// Whether `target` names the module, whole or by its last parts.
[[nodiscard]] inline bool names_module(std::string_view target, std::string_view module) {
    if (!module.ends_with(target)) return false;
    return target.size() == module.size() || (!target.empty() && module[module.size() - target.size() - 1] == '.');
}

/// The last parts of the names of all modules that can have an adapter, for messages: "q_proj, k_proj, …".
inline std::string adaptable_modules(const decoder_layout& layout) {
    std::vector<std::string> names;
    for (const tensor_place& tensor : layout.tensors()) {
        if (!is_adaptable(tensor)) continue;
        const std::string module = module_name(tensor);
        const std::string last = module.substr(module.rfind('.') + 1);
        if (std::ranges::find(names, last) == names.end()) names.push_back(last);
    }
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

/// The adapters of a model that the options ask for. \throws argument_error for a target that names no module, or no
/// matrix of attention or MLP, a layer that there is not, and options out of range.
inline decoder_adapters adapters_of(const decoder_layout& layout, std::size_t layers, const adapter_options& options) {
    require(options.rank >= 1, "adapter_options.rank: at least 1 was expected, found 0");
    require(!options.targets.empty(), "adapter_options.targets: modules or \"all-linear\" were expected, found none (",
            adaptable_modules(layout), ")");
    for (const std::size_t layer : options.layers)
        require(layer < layers, "adapter_options.layers: the model has layers 0 to ", layers - 1, ", found ", layer);
    decoder_adapters adapters{.rank_stabilised = options.rank_stabilised, .dropout = options.dropout};
    std::set<std::string_view> found;
    for (std::size_t t = 0; t < layout.tensors().size(); ++t) {
        const tensor_place& tensor = layout.tensors()[t];
        if (!is_adaptable(tensor)) continue;
        const std::string module = module_name(tensor);
        bool wanted = false;
        for (const std::string& target : options.targets) {
            if (target != "all-linear" && !names_module(target, module)) continue;
            wanted = true;
            found.insert(target);
        }
        const bool in_layer =
            options.layers.empty() || std::ranges::find(options.layers, tensor.layer) != options.layers.end();
        if (wanted && in_layer) adapters.tensors.push_back({.tensor = t, .rank = options.rank, .alpha = options.alpha});
    }
    for (const std::string& target : options.targets)
        require(found.contains(target), "adapter_options.targets: \"", target,
                "\" names no matrix of attention or MLP; this model has \"all-linear\" or ", adaptable_modules(layout));
    return adapters;
}

} // namespace preflearn
