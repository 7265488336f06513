/// \file
/// log π_ref of both responses of every pair kept in a safetensors file, which knows which model and which pairs it
/// belongs to, and what it held when it was written; and a folder of such files, named by what they belong to, so that
/// no log-probs are computed twice.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <functional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <typeinfo>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/core/column.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/training/loop/fingerprint.hpp>
#include <preflearn/training/loop/loop.hpp>
#include <preflearn/training/loop/run_description.hpp>
#include <preflearn/training/reference/reference.hpp>

namespace preflearn {

/// What cached log-probs belong to: fingerprints of a model and of comparisons.
struct reference_key {
    std::string model, data;
};

namespace detail {

inline constexpr std::string_view reference_format = "preflearn reference log-probs, version 2";

} // namespace detail

/// Writes the log-probs (two per pair) with their key, whole or not at all.
inline void save_reference_log_probs(const std::filesystem::path& path, std::span<const double> log_probs,
                                     const reference_key& key) {
    require(log_probs.size() % 2 == 0, "reference log-probs are two per pair, found ", log_probs.size());
    const std::array tensors{as_tensor<double>("log_probs", {log_probs.size() / 2, 2}, log_probs)};
    write_safetensors(path, tensors,
                      {{"format", std::string(detail::reference_format)},
                       {"model", key.model},
                       {"data", key.data},
                       {"content", fingerprint_of(log_probs)}});
}

/// Reads what `save_reference_log_probs` wrote for `pairs` comparisons.
/// \throws input_error when the file is malformed, was damaged, or belongs to another model or other pairs, saying so.
inline std::vector<double> load_reference_log_probs(const std::filesystem::path& path, std::size_t pairs,
                                                    const reference_key& key) {
    const checkpoint_file file = read_safetensors(path);
    file.expect("format", detail::reference_format, "is not a file of reference log-probs");
    file.expect("model", key.model, "belongs to another reference model");
    file.expect("data", key.data, "belongs to other pairs");
    const tensor_view& tensor = file.at("log_probs");
    require<input_error>(tensor.type == element_type::f64 && tensor.shape == std::vector<std::size_t>{pairs, 2},
                         path.string(), ": tensor 'log_probs' is ", name_of(tensor.type), " ",
                         text_of_shape(tensor.shape), ", F64 [", pairs, ", 2] was expected");
    std::vector<double> log_probs(2 * pairs);
    if (pairs > 0) std::memcpy(log_probs.data(), tensor.bytes.data(), tensor.bytes.size());
    file.expect("content", fingerprint_of(log_probs), "was damaged");
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

/// The fingerprint of what a policy gives log-probs by: its parameters, what it describes beside them, and its type
/// (number type and backend); empty where it cannot say, for want of const parameters() or describe(run).
template <class P> std::string identity_of_policy(const P& policy) {
    if constexpr (requires(run_description & run) {
                      as_column(policy.parameters());
                      policy.describe(run);
                  }) {
        fingerprint print;
        print.add(fingerprint_of_parameters(policy));
        print.add(std::string_view(typeid(P).name()));
        return print.text();
    } else {
        return {};
    }
}

/// The fingerprint of what a policy reads of the pairs: their tokens where it has `tokens(prompt, response)` (so that
/// tokenizer, boundary and end rule are part of it), else prompts and responses as they are.
template <class P, class C> std::string fingerprint_as_read(const P& policy, std::span<const C> pairs) {
    fingerprint print;
    for (const C& c : pairs) {
        for (const auto& response : {c.first, c.second}) {
            if constexpr (requires { policy.tokens(c.prompt, response).response; }) {
                const auto read = policy.tokens(c.prompt, response);
                print.add(read.prompt);
                print.add(read.response);
            } else {
                print.add(c.prompt);
                print.add(response);
            }
        }
    }
    print.add(pairs.size());
    return print.text();
}

/// A folder of log-probs of policies that can say what they are, a file for a policy and a slice of pairs. What cannot
/// be read, was damaged or cannot be written is noted and computed anew, never trusted. Programs may share a folder.
class reference_cache {
  public:
    reference_cache() = default;
    /// \param folder is made where it is missing; empty: nothing is kept. \throws input_error when it cannot be made.
    explicit reference_cache(std::filesystem::path folder) : folder_(std::move(folder)) {
        if (!folder_.empty()) make_folder(folder_);
    }

    /// As `reference_log_probs`, or what that gave before. Kept in slices of some hundred pairs, so that who is stopped
    /// loses one; `scored`, where it is given, is called with how many pairs are done.
    template <class P, std::ranges::contiguous_range Comparisons>
    std::vector<double> log_probs(const P& policy, const Comparisons& comparisons,
                                  const std::function<void(std::size_t)>& scored = {}) {
        using C = std::ranges::range_value_t<Comparisons>;
        const std::span<const C> pairs(comparisons);
        const std::string model = folder_.empty() ? std::string() : identity_of_policy(policy);
        std::vector<double> all;
        all.reserve(2 * pairs.size());
        for (std::size_t begin = 0; begin < pairs.size(); begin += slice) {
            const auto some = pairs.subspan(begin, std::min(slice, pairs.size() - begin));
            const auto compute = [&] { return in_pieces(policy, some, begin, scored); };
            const std::vector<double> found =
                model.empty() ? compute() : known_or({model, fingerprint_as_read(policy, some)}, some.size(), compute);
            all.insert(all.end(), found.begin(), found.end());
            if (scored) scored(begin + some.size());
        }
        return all;
    }

    /// How many slices were known.
    [[nodiscard]] std::size_t found() const { return found_; }
    /// What could not be read or kept, sentences for people.
    [[nodiscard]] std::span<const std::string> notes() const { return notes_; }

  private:
    static constexpr std::size_t slice = 256, piece = 32;

    template <class P, class C>
    static std::vector<double> in_pieces(const P& policy, std::span<const C> pairs, std::size_t before,
                                         const std::function<void(std::size_t)>& scored) {
        if (!scored) return reference_log_probs(policy, pairs);
        std::vector<double> all;
        for (std::size_t begin = 0; begin < pairs.size(); begin += piece) {
            scored(before + begin);
            const auto found = reference_log_probs(policy, pairs.subspan(begin, std::min(piece, pairs.size() - begin)));
            all.insert(all.end(), found.begin(), found.end());
        }
        return all;
    }
    template <class Compute>
    std::vector<double> known_or(const reference_key& key, std::size_t pairs, const Compute& compute) {
        const std::filesystem::path path = folder_ / ("reference-" + key.model + "-" + key.data + ".safetensors");
        std::error_code ignored;
        if (std::filesystem::exists(path, ignored)) {
            try {
                std::vector<double> known = load_reference_log_probs(path, pairs, key);
                ++found_;
                return known;
            } catch (const input_error& failure) {
                notes_.push_back(message(failure.what(), " (computed anew)"));
            }
        }
        std::vector<double> all = compute();
        try {
            save_reference_log_probs(path, all, key);
        } catch (const input_error& failure) {
            notes_.push_back(failure.what());
        }
        return all;
    }

    std::filesystem::path folder_;
    std::size_t found_ = 0;
    std::vector<std::string> notes_;
};

} // namespace preflearn
