/// \file
/// Log-probabilities of tokens from final hidden states, without a matrix of logits: tiles of products in float, each
/// at most half of the device's second-level cache, are folded into the running softmax of their rows while they lie in
/// it. A target's logit is a direct dot product, so no tile asks whose it is (Cut Cross-Entropy: Wijmans et al. 2024,
/// arXiv:2411.09009). Also whole rows of float logits for the host, which draws tokens from them.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include <preflearn/backend/cuda/array.hpp>
#include <preflearn/backend/cuda/device.hpp>
#include <preflearn/backend/cuda/gemm.hpp>
#include <preflearn/backend/cuda/memory.hpp>
#include <preflearn/backend/cuda/operations.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/loss/vocabulary/log_softmax.hpp>
#include <preflearn/loss/vocabulary/logit_transform.hpp>
#include <preflearn/loss/vocabulary/softmax.hpp>

namespace preflearn::cuda {

/// How rows × vocabulary products are cut: into tiles of about equal height and width.
struct product_tiles {
    std::size_t height = 0, width = 0;

    /// Tiles of at most `bytes` (or of 64 columns and a row, which is less than any cache), at most 1024 rows high,
    /// widths being multiples of 64.
    static product_tiles of(std::size_t rows, std::size_t vocabulary, std::size_t bytes) {
        constexpr std::size_t unit = 64, most_rows = 1024;
        if (rows == 0 || vocabulary == 0) return {};
        const std::size_t floats = std::max(bytes / sizeof(float), unit);
        const std::size_t high = even_part(rows, std::min(most_rows, floats / unit));
        const std::size_t wide = even_part(vocabulary, std::max(unit, floats / high / unit * unit));
        return {.height = high, .width = std::min((wide + unit - 1) / unit * unit, vocabulary)};
    }

  private:
    /// The size of equal parts that are at most `most`.
    static std::size_t even_part(std::size_t all, std::size_t most) {
        const std::size_t parts = (all + most - 1) / most;
        return (all + parts - 1) / parts;
    }
};

/// What the operations are told of a transform; its bias lies in `bias`.
/// \throws argument_error as logit_transform::check
inline device_logits logits_of(const logit_transform<float>& transform, std::size_t vocabulary,
                               device_buffer<float>& bias) {
    transform.check(vocabulary);
    bias = copied_to_device(transform.bias);
    return {.bias = bias.data(),
            .cap = transform.capped() ? static_cast<float>(transform.soft_cap) : 0,
            .temperature = static_cast<float>(transform.temperature)};
}

namespace detail {

/// Folds the products of all rows with all of the head into their softmax.
template <class G, Element E>
device_buffer<softmax_state> fold_vocabulary(device_rows<const E> hidden, device_rows<const E> head,
                                             const device_logits& logits, bool moments, std::size_t tile_bytes) {
    const cudaStream_t stream = compute_stream();
    device_buffer<softmax_state> states(hidden.rows);
    start_softmax(states.data(), hidden.rows, stream);
    const product_tiles tiles = product_tiles::of(hidden.rows, head.rows, tile_bytes);
    device_matrix<float> room(tiles.height, tiles.width);
    for (std::size_t row = 0; row < hidden.rows; row += tiles.height) {
        const device_rows<const E> x = some_rows(hidden, row, std::min(tiles.height, hidden.rows - row));
        for (std::size_t token = 0; token < head.rows; token += tiles.width) {
            const device_rows<const E> w = some_rows(head, token, std::min(tiles.width, head.rows - token));
            const device_rows<float> products = some_columns(some_rows(room.rows(), 0, x.rows), 0, w.rows);
            multiply_rows<G, E, float>(x, w, products, stream);
            fold_logits(products, token, logits, moments, states.data() + row, stream);
        }
    }
    return states;
}

/// Normaliser, entropy and log Σ p² of each row, where they are wanted.
inline void set_scores(const device_buffer<softmax_state>& states, const vocabulary_scores& scores) {
    if (scores.normalisers.empty() && scores.entropies.empty() && scores.log_sum_squares.empty()) return;
    const std::vector<softmax_state> found = copied_to_host(states);
    for (std::size_t r = 0; r < found.size(); ++r)
        scores.set(r, softmax_sums{.high = static_cast<double>(found[r].maximum),
                                   .sum = static_cast<double>(found[r].sum),
                                   .depth = -static_cast<double>(found[r].weighted),
                                   .squares = static_cast<double>(found[r].squares)});
}

} // namespace detail

/// What `scores` asks for of every row of `hidden`; log-probs of targets from rows `sources` (none: target p is of row
/// p), NaN where the row's logits have no distribution. A tile of products takes `tile_bytes` at most.
/// \throws argument_error when shapes do not fit, or a target or a source is not there
template <class G, Element E>
void score_vocabulary(device_rows<const E> hidden, device_rows<const E> head, const logit_transform<float>& transform,
                      std::span<const token_id> targets, std::span<const std::size_t> sources,
                      const vocabulary_scores& scores, std::size_t tile_bytes) {
    require(hidden.columns == head.columns, "hidden states of width ", hidden.columns, " do not fit a head of ",
            head.rows, " x ", head.columns);
    require(targets.size() == (sources.empty() ? hidden.rows : sources.size()), "found ", targets.size(),
            " targets for ", sources.empty() ? hidden.rows : sources.size(), sources.empty() ? " rows" : " sources");
    require(scores.log_probs.empty() || scores.log_probs.size() == targets.size(), "log_probs has ",
            scores.log_probs.size(), " entries for ", targets.size(), " predictions");
    vocabulary_scores of_rows = scores;
    of_rows.log_probs = {};
    of_rows.check(hidden.rows);
    device_buffer<float> bias;
    const device_logits logits = logits_of(transform, head.rows, bias);
    std::vector<std::size_t> each(sources.begin(), sources.end());
    if (sources.empty()) {
        each.resize(targets.size());
        std::iota(each.begin(), each.end(), std::size_t{0});
    }
    const auto tokens = checked_numbers("log_probs: target", targets, head.rows);
    const auto rows = checked_numbers("log_probs: source", std::span<const std::size_t>(each), hidden.rows);
    if (hidden.rows == 0) return;
    const bool moments = scores.moments() == softmax_moments::all;
    const auto states = detail::fold_vocabulary<G>(hidden, head, logits, moments, tile_bytes);
    if (!scores.log_probs.empty()) {
        const cudaStream_t stream = compute_stream();
        device_buffer<float> products(targets.size()), found(targets.size());
        target_products(hidden, rows.data(), head, tokens.data(), targets.size(), products.data(), stream);
        finish_log_probs(states.data(), products.data(), rows.data(), tokens.data(), targets.size(), logits,
                         found.data(), stream);
        std::ranges::copy(copied_to_host(found), scores.log_probs.begin());
    }
    detail::set_scores(states, of_rows);
}

/// hidden · headᵀ in float for the host, row after row; as many rows at a time as `tile_bytes` hold, or one.
/// \throws argument_error when shapes do not fit
template <class G, Element E>
void show_logits(device_rows<const E> hidden, device_rows<const E> head, std::span<float> shown,
                 std::size_t tile_bytes) {
    require(shown.size() == hidden.rows * head.rows, "logits: ", hidden.rows, " x ", head.rows, " numbers do not fit ",
            shown.size());
    if (shown.empty()) return;
    const std::size_t at_once = std::clamp<std::size_t>(tile_bytes / (head.rows * sizeof(float)), 1, hidden.rows);
    device_matrix<float> room(at_once, head.rows);
    for (std::size_t row = 0; row < hidden.rows; row += at_once) {
        const device_rows<const E> x = some_rows(hidden, row, std::min(at_once, hidden.rows - row));
        const device_rows<float> products = some_rows(room.rows(), 0, x.rows);
        multiply_rows<G, E, float>(x, head, products, compute_stream());
        download_numbers<float>(products, shown.subspan(row * head.rows, x.rows * head.rows));
    }
}

} // namespace preflearn::cuda
