/// \file
/// How much of a batch runs at once. The processor's share is small, since its caches are; a device that is far quicker
/// than its memory wants thousands of rows, and its memory may be too small for them. A backend says both if it likes:
/// `Backend::rows_at_once(numbers of a row)`, `Backend::sequences_at_once(numbers of a sequence's keys and values)` and
/// `Backend::memory_error`, after which less is tried.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/kept_rows.hpp>

namespace preflearn {

namespace detail {

/// Never thrown.
struct no_memory_error {};
template <class Backend> struct memory_error_of { using type = no_memory_error; };
template <class Backend>
    requires requires { typename Backend::memory_error; }
struct memory_error_of<Backend> {
    using type = typename Backend::memory_error;
};

} // namespace detail

/// What says that a backend's memory is too small for a batch, so that a smaller one is to be tried.
template <class Backend> using memory_error_of = typename detail::memory_error_of<Backend>::type;

/// Rows of a chunk, at least one: what suits the backend or else, in about 64 MB, `least` to `most`.
template <class T, class Backend>
std::size_t rows_at_once(const transformer_config& config, std::size_t least = 128, std::size_t most = 1024) {
    const std::size_t bytes = kept_rows<T, Backend>::row_bytes(config);
    if constexpr (requires { Backend::rows_at_once(bytes); })
        return std::max<std::size_t>(1, Backend::rows_at_once(bytes / sizeof(T)));
    else
        return std::clamp<std::size_t>((std::size_t{64} << 20) / bytes, least, most);
}

/// Sequences that are to grow together, and the tokens of all of them whose keys and values are kept.
struct sampling_room {
    std::size_t sequences = 64, tokens = 0;
};
/// What suits the backend or else 64 sequences in 256 MB.
template <class T, class Backend> sampling_room sampling_at_once(const transformer_config& config) {
    const std::size_t numbers = std::max<std::size_t>(1, 2 * config.layers * config.key_value_size());
    if constexpr (requires { Backend::tokens_kept(numbers); })
        return {.sequences = Backend::sequences_at_once, .tokens = Backend::tokens_kept(numbers)};
    else
        return {.tokens = (std::size_t{256} << 20) / (numbers * sizeof(T))};
}

} // namespace preflearn
