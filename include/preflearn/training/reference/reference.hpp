/// \file
/// log π_ref of both responses of every pair, computed once: the reference never changes, so a training run reads it
/// from an array, and a later run from a file that knows which model and which pairs it belongs to.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <map>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/core/comparison.hpp>
#include <preflearn/core/many.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/training/files/run_file.hpp>
#include <preflearn/training/loop/culprit.hpp>
#include <preflearn/training/loop/fingerprint.hpp>

namespace preflearn {

/// log π(y | x) in nats, two per comparison: entry 2i of `first`, 2i + 1 of `second`.
/// \throws numeric_error naming the pair when one is not finite; and what the policy throws, naming the pair.
template <class P, std::ranges::contiguous_range Comparisons>
std::vector<double> reference_log_probs(const P& policy, const Comparisons& comparisons) {
    using C = std::ranges::range_value_t<Comparisons>;
    check_policy<P, C>();
    const std::span<const C> pairs(comparisons);
    const std::vector<completion_of<C>> completions = completions_of(pairs);
    const std::span<const completion_of<C>> both(completions);
    std::vector<double> all =
        naming_the_culprit([&] { return log_probs(policy, both); }, pairs.size(),
                           [&](std::size_t i) { (void)log_probs(policy, both.subspan(2 * i, 2)); },
                           [&](std::size_t i) { return message("pair ", pairs[i].id); });
    require(all.size() == completions.size(), "the policy gave ", all.size(), " log-probs for ", completions.size(),
            " completions");
    for (std::size_t i = 0; i < all.size(); ++i) {
        require<numeric_error>(std::isfinite(all[i]), "pair ", pairs[i / 2].id, ": the reference's log-prob of its ",
                               i % 2 == 0 ? "first" : "second", " response is ", all[i]);
    }
    return all;
}

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
    std::vector<double> log_probs(2 * pairs);
    const auto bytes = detail::exact_bytes(file, "log_probs", element_type::f64, {pairs, 2});
    if (!bytes.empty()) std::memcpy(log_probs.data(), bytes.data(), bytes.size());
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
