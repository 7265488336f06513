/// \file
/// Hidden states of pairs, computed once: kept in a folder by what they are of (model, pooling, tokens), a file for
/// every few pairs, so that a run that was stopped goes on, and another head on the same pairs begins where this one
/// ended. A pair's states have the same bits wherever they were computed with.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <preflearn/checkpoint/checkpoint_file.hpp>
#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/checkpoint/tensor.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/pipeline/teacher_kinds/features.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/training/loop/fingerprint.hpp>

namespace preflearn {

/// Where states are kept, and what they are of beside their tokens.
struct hidden_store {
    std::filesystem::path folder{};
    /// Of model and backend.
    std::string model{};
    hidden_pooling pooling = hidden_pooling::last;
    /// Told how many completions are done.
    std::function<void(std::size_t done)> seen{};
};

namespace detail {

inline std::string states_key(const hidden_store& store, std::span<const token_completion> completions) {
    fingerprint print;
    print.add(std::string_view("preflearn hidden states, version 1"));
    print.add(store.model);
    print.add(static_cast<int>(store.pooling));
    for (const token_completion& one : completions) print.add(one);
    return print.text();
}

/// The states in a file, where it is there, whole and about these. Else nothing: they are computed again.
inline std::vector<float> kept_states(const std::filesystem::path& path, const std::string& key, std::size_t count,
                                      std::size_t size) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) return {};
    try {
        const checkpoint_file file = read_safetensors(path);
        file.expect("key", key, "is about other texts");
        const tensor_view& tensor = file.at("states");
        if (tensor.shape != std::vector<std::size_t>{count, size} || tensor.type != element_type::f32) return {};
        std::vector<float> states = all_values<float>(tensor);
        file.expect("content", fingerprint_of(states), "was damaged");
        return states;
    } catch (const input_error&) {
        return {};
    }
}

} // namespace detail

/// completions × hidden_size. \throws input_error for a folder that cannot be written, and what the model throws.
inline std::vector<float> hidden_states(const any_transformer<float>& model,
                                        std::span<const token_completion> completions, const hidden_store& store) {
    constexpr std::size_t block = 64;
    make_folder(store.folder);
    std::vector<float> all;
    all.reserve(completions.size() * model.config().hidden_size);
    for (std::size_t begin = 0; begin < completions.size(); begin += block) {
        const std::span<const token_completion> some =
            completions.subspan(begin, std::min(block, completions.size() - begin));
        const std::string key = detail::states_key(store, some);
        const std::filesystem::path path = store.folder / ("hidden-" + key + ".safetensors");
        std::vector<float> states = detail::kept_states(path, key, some.size(), model.config().hidden_size);
        if (states.empty()) {
            states = pooled_states(model, some, store.pooling);
            const std::vector<tensor_view> views{
                as_tensor<float>("states", {some.size(), model.config().hidden_size}, states)};
            write_safetensors(path, views, {{"key", key}, {"content", fingerprint_of(states)}});
        }
        all.insert(all.end(), states.begin(), states.end());
        if (store.seen) store.seen(begin + some.size());
    }
    return all;
}

} // namespace preflearn
