/// \file
/// Adapters from and to disk in PEFT's format: a folder of adapter_config.json and adapter_model.safetensors, whose
/// tensors are "base_model.model." + the module's name in Hugging Face's model + ".lora_A.weight" (rank × inputs) and
/// ".lora_B.weight" (outputs × rank). Every tensor must have its place, and every module that is named both of its own.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <map>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/checkpoint_file.hpp>
#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/checkpoint/tensor.hpp>
#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/policy/adapters/adapter_config.hpp>
#include <preflearn/policy/adapters/with_adapter.hpp>
#include <preflearn/policy/decoder/adapter_layout.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/decoder/named_tensors.hpp>
#include <preflearn/policy/family/decoder_family.hpp>
#include <preflearn/policy/files/tensor_forms.hpp>

namespace preflearn {

namespace detail {

inline constexpr std::string_view adapter_prefix = "base_model.model.", adapter_down = ".lora_A.weight",
                                  adapter_up = ".lora_B.weight";

/// A and B of a module in a file.
struct adapter_pair {
    const tensor_view *down = nullptr, *up = nullptr;
};

/// The tensors of a file by module. \throws input_error for one that is neither A nor B of a module.
inline std::map<std::string, adapter_pair> adapter_pairs(const checkpoint_file& file) {
    std::map<std::string, adapter_pair> pairs;
    for (const tensor_view& tensor : file.tensors()) {
        std::string_view name = tensor.name;
        const bool down = name.ends_with(adapter_down);
        require<input_error>(name.starts_with(adapter_prefix) && (down || name.ends_with(adapter_up)),
                             file.path().string(), ": tensor '", name, "': ", adapter_prefix, "MODULE", adapter_down,
                             " or ", adapter_up, " was expected");
        name.remove_prefix(adapter_prefix.size());
        name.remove_suffix(adapter_down.size());
        adapter_pair& pair = pairs[std::string(name)];
        (down ? pair.down : pair.up) = &tensor;
    }
    return pairs;
}

/// Which tensors of a model a file adapts. \throws input_error naming file and tensor, found and expected.
template <int = on_demand>
decoder_adapters adapters_of_file(const checkpoint_file& file, const adapter_config& config,
                                  const decoder_layout& layout) {
    const std::string origin = file.path().string();
    std::map<std::string, adapter_pair> pairs = adapter_pairs(file);
    decoder_adapters adapters{.rank_stabilised = config.rank_stabilised, .dropout = config.dropout};
    for (std::size_t t = 0; t < layout.tensors().size(); ++t) {
        const tensor_place& tensor = layout.tensors()[t];
        if (!is_adaptable(tensor)) continue;
        const std::string module = module_name(tensor);
        const auto found = pairs.find(module);
        const bool wanted = config.wants(module, tensor.layer);
        if (found == pairs.end()) {
            require<input_error>(!wanted, origin, ": adapter_config.json names the module '", module,
                                 "', which has no tensors here");
            continue;
        }
        require<input_error>(config.targets.empty() || wanted, origin, ": has tensors of the module '", module,
                             "', which adapter_config.json does not name");
        const auto [down, up] = found->second;
        require<input_error>(down != nullptr && up != nullptr, origin, ": the module '", module, "' has no ",
                             down == nullptr ? adapter_down.substr(1) : adapter_up.substr(1));
        const auto rank = static_cast<std::size_t>(config.rank_of(module));
        const auto fits = [&](const tensor_view& stored, const std::vector<std::size_t>& shape) {
            require<input_error>(stored.shape == shape, origin, ": tensor '", stored.name, "': shape ",
                                 text_of_shape(shape), " was expected, found ", text_of_shape(stored.shape));
        };
        fits(*down, {rank, tensor.columns});
        fits(*up, {tensor.rows, rank});
        adapters.tensors.push_back({.tensor = t, .rank = rank, .alpha = config.alpha_of(module)});
        pairs.erase(found);
    }
    require<input_error>(pairs.empty(), origin, ": the module '", pairs.empty() ? "" : pairs.begin()->first,
                         "' is no matrix of attention or MLP of this model, which has ", adaptable_modules(layout));
    require<input_error>(!adapters.tensors.empty(), origin, ": has no tensors");
    return adapters;
}

/// The row of a file's B that holds row `r` of ours.
inline std::size_t stored_up_row(const tensor_place& place, std::size_t r, const transformer_config& config) {
    const stored_form form = place.entry.hugging_face.form;
    return form == stored_form::by_head ? stored_row(form, r, config) : r;
}

/// What adapter_config.json says of a model's adapters.
template <class Model> adapter_config config_of_adapters(const Model& model) {
    const adapter_layout& layout = model.weights().adapters();
    adapter_config config{.dropout = layout.dropout(), .rank_stabilised = layout.rank_stabilised()};
    std::vector<std::string> all, short_names;
    std::vector<adapted_tensor> adapted;
    for (const adapted_product& product : layout.products()) {
        for (std::size_t p = 0; p < product.count; ++p) {
            const adapted_tensor& part = product.parts[p].adapted;
            all.push_back(module_name(model.layout().tensors()[part.tensor]));
            adapted.push_back(part);
            const std::string last = all.back().substr(all.back().rfind('.') + 1);
            if (std::ranges::find(short_names, last) == short_names.end()) short_names.push_back(last);
        }
    }
    config.rank = adapted.front().rank;
    config.alpha = adapted.front().alpha;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (adapted[i].rank != config.rank) config.ranks[all[i]] = static_cast<double>(adapted[i].rank);
        if (adapted[i].alpha != config.alpha) config.alphas[all[i]] = adapted[i].alpha;
    }
    // the ends of names where they mean no more than what is adapted
    const bool short_will_do = std::ranges::all_of(model.layout().tensors(), [&](const tensor_place& tensor) {
        const std::string module = module_name(tensor);
        return !is_adaptable(tensor) || std::ranges::find(all, module) != all.end() ||
               std::ranges::none_of(short_names, [&](const std::string& n) { return names_module(n, module); });
    });
    config.targets = short_will_do ? short_names : all;
    return config;
}

} // namespace detail

/// `model` with the adapter of a folder that PEFT wrote, or that `save_adapter` did. The model's own weights are
/// frozen, and shared where they were. \throws input_error naming file, tensor or setting, what was found and what was
/// expected; argument_error when the model has an adapter already.
template <class Model> Model load_adapter(const Model& model, const std::filesystem::path& folder) {
    using scalar = typename Model::scalar;
    const std::filesystem::path weights = folder / "adapter_model.safetensors";
    std::error_code ignored;
    require<input_error>(
        std::filesystem::exists(weights, ignored) || !std::filesystem::exists(folder / "adapter_model.bin", ignored),
        folder.string(),
        ": adapter_model.bin is not read; convert it: python -c \"import torch, safetensors.torch as s; "
        "s.save_file(torch.load('adapter_model.bin', weights_only=True), 'adapter_model.safetensors')\"");
    const adapter_config config = read_adapter_config(folder / "adapter_config.json");
    const checkpoint_file file = read_safetensors(weights);
    Model adapted = with_adapters(model, detail::adapters_of_file(file, config, model.layout()));
    const auto pairs = detail::adapter_pairs(file);
    adapted.write_parameters([&](std::span<scalar> numbers) {
        for (const adapted_product& product : adapted.weights().adapters().products()) {
            for (std::size_t p = 0; p < product.count; ++p) {
                const adapter_place& part = product.parts[p];
                const tensor_place& place = model.layout().tensors()[part.adapted.tensor];
                const detail::adapter_pair& pair = pairs.at(module_name(place));
                read_values(*pair.down, 0, numbers.subspan(part.down.offset, part.down.size()));
                for (std::size_t r = 0; r < part.up.rows; ++r)
                    read_values(*pair.up, detail::stored_up_row(place, r, model.config()) * part.up.columns,
                                numbers.subspan(part.up.offset + r * part.up.columns, part.up.columns));
            }
        }
    });
    return adapted;
}

/// Writes a model's adapter (F32 for float, F64 for double) as a folder that PEFT loads; makes the folder. Each file
/// appears whole or not at all. \param base the model's own name or path, which PEFT may load; may be empty
/// \throws argument_error when the model has no adapter; input_error when the folder cannot be written.
template <class Model>
void save_adapter(const Model& model, const std::filesystem::path& folder, const std::string& base = {}) {
    using scalar = typename Model::scalar;
    const adapter_layout& layout = model.weights().adapters();
    require(!layout.empty(), folder.string(), ": the model has no adapter to be written");
    adapter_config config = detail::config_of_adapters(model);
    config.base = base;
    make_folder(folder);
    std::deque<std::vector<scalar>> turned;
    std::vector<tensor_view> views;
    bool transposed = false;
    for (const adapted_product& product : layout.products()) {
        for (std::size_t p = 0; p < product.count; ++p) {
            const adapter_place& part = product.parts[p];
            const tensor_place& place = model.layout().tensors()[part.adapted.tensor];
            transposed = transposed || place.entry.hugging_face.form == stored_form::transposed;
            const auto numbers = [&](const weight_block& block) {
                return model.parameters().subspan(model.weights().adapter_offset(block), block.size());
            };
            const std::string name = std::string(detail::adapter_prefix) + module_name(place);
            views.push_back(as_tensor<scalar>(name + std::string(detail::adapter_down),
                                              {part.down.rows, part.down.columns}, numbers(part.down)));
            std::vector<scalar>& up = turned.emplace_back(part.up.size());
            for (std::size_t r = 0; r < part.up.rows; ++r)
                std::ranges::copy(numbers(part.up).subspan(r * part.up.columns, part.up.columns),
                                  up.begin() + static_cast<std::ptrdiff_t>(
                                                   detail::stored_up_row(place, r, model.config()) * part.up.columns));
            views.push_back(
                as_tensor<scalar>(name + std::string(detail::adapter_up), {part.up.rows, part.up.columns}, up));
        }
    }
    write_safetensors(folder / "adapter_model.safetensors", views);
    const auto json = adapter_config_json(config, transposed);
    write_atomically(folder / "adapter_config.json", [&](std::ostream& out) { out << json.dump(2) << '\n'; });
}

} // namespace preflearn
