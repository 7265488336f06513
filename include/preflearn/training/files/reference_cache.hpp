/// \file
/// log π_ref of both responses of every pair kept in a safetensors file, which knows which model and which pairs it
/// belongs to.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/training/loop/fingerprint.hpp>
#include <preflearn/training/reference/reference.hpp>

namespace preflearn {

/// What cached log-probs belong to: fingerprints of a model and of comparisons.
struct reference_key {
    std::string model, data;
};

namespace detail {

inline constexpr std::string_view reference_format = "preflearn reference log-probs, version 1";

} // namespace detail

/// Writes the log-probs (two per pair) with their key, whole or not at all.
inline void save_reference_log_probs(const std::filesystem::path& path, std::span<const double> log_probs,
                                     const reference_key& key) {
    require(log_probs.size() % 2 == 0, "reference log-probs are two per pair, found ", log_probs.size());
    const std::array tensors{as_tensor<double>("log_probs", {log_probs.size() / 2, 2}, log_probs)};
    write_safetensors(path, tensors,
                      {{"format", std::string(detail::reference_format)}, {"model", key.model}, {"data", key.data}});
}

/// Reads what `save_reference_log_probs` wrote for `pairs` comparisons.
/// \throws input_error when the file is malformed or belongs to another model or other pairs, saying which.
inline std::vector<double> load_reference_log_probs(const std::filesystem::path& path, std::size_t pairs,
                                                    const reference_key& key) {
    const checkpoint_file file = read_safetensors(path);
    const auto expect = [&](const char* name, std::string_view expected, const char* what) {
        const auto found = file.metadata().find(name);
        const std::string value = found == file.metadata().end() ? "(missing)" : found->get<std::string>();
        require<input_error>(value == expected, path.string(), ": ", what, " (", name, ": ", value, " there, ",
                             expected, " here)");
    };
    expect("format", detail::reference_format, "is not a file of reference log-probs");
    expect("model", key.model, "belongs to another reference model");
    expect("data", key.data, "belongs to other pairs");
    const tensor_view& tensor = file.at("log_probs");
    require<input_error>(tensor.type == element_type::f64 && tensor.shape == std::vector<std::size_t>{pairs, 2},
                         path.string(), ": tensor 'log_probs' is ", name_of(tensor.type), " ",
                         text_of_shape(tensor.shape), ", F64 [", pairs, ", 2] was expected");
    std::vector<double> log_probs(2 * pairs);
    if (pairs > 0) std::memcpy(log_probs.data(), tensor.bytes.data(), tensor.bytes.size());
    return log_probs;
}

/// Reads the cache at `path` when it is there, else computes the log-probs and writes it. `model` is the fingerprint of
/// the reference (`fingerprint_of_parameters`, or the hash of its file). \throws input_error when the cache belongs to
/// another model or other pairs.
template <class P, std::ranges::contiguous_range Comparisons>
std::vector<double> cached_reference_log_probs(const std::filesystem::path& path, const P& policy,
                                               const Comparisons& comparisons, const std::string& model) {
    using C = std::ranges::range_value_t<Comparisons>;
    const std::span<const C> pairs(comparisons);
    const reference_key key{.model = model, .data = fingerprint_of(pairs)};
    if (std::filesystem::exists(path)) return load_reference_log_probs(path, pairs.size(), key);
    std::vector<double> log_probs = reference_log_probs(policy, pairs);
    save_reference_log_probs(path, log_probs, key);
    return log_probs;
}

} // namespace preflearn
