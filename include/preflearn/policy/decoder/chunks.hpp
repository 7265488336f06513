/// \file
/// Scoring many completions in little memory: consecutive ones run in chunks of bounded size through one set of arrays.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/core/ragged.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/decoder/forward.hpp>
#include <preflearn/policy/decoder/kept_rows.hpp>
#include <preflearn/policy/decoder/packed_batch.hpp>
#include <preflearn/policy/decoder/rows_at_once.hpp>
#include <preflearn/policy/decoder/weights.hpp>

namespace preflearn {

/// Consecutive completions that run together, and a bound on their rows.
struct completion_chunk {
    std::size_t begin = 0, end = 0, rows = 0;
};

/// Cuts a list of completions into chunks of at most about `most` rows. Neighbours that share their prompt's rows stay
/// together unless their rows alone are more than that; a chunk has at least one completion.
inline std::vector<completion_chunk> chunks_of(std::span<const token_completion> completions, std::size_t most,
                                               const transformer_config& config = {}) {
    std::vector<completion_chunk> chunks;
    for (std::size_t begin = 0, end = 0; begin < completions.size(); begin = end) {
        std::size_t rows = completions[begin].prompt.size();
        end = begin;
        while (end < completions.size() && packed_batch::share_rows(completions[begin], completions[end], config) &&
               (end == begin || rows + completions[end].response.size() <= most))
            rows += completions[end++].response.size();
        if (chunks.empty() || chunks.back().rows + rows > most) chunks.push_back({begin, begin, 0});
        chunks.back().end = end;
        chunks.back().rows += rows;
    }
    return chunks;
}

namespace detail {

/// Runs completions from number `done` on in chunks, and counts them in `done` once a chunk was used.
template <class T, class Backend, class Use>
void run_chunks(const decoder_weights<T, Backend>& weights, std::span<const token_completion> completions,
                std::span<const completion_chunk> chunks, row_purpose purpose, std::size_t& done, const Use& use) {
    const transformer_config& config = weights.config();
    std::size_t rows = 0, wanted = 0;
    for (const completion_chunk& chunk : chunks) {
        rows = std::max(rows, chunk.rows);
        const std::size_t count = chunk.end - chunk.begin; // an empty response wants a row of its prompt
        wanted = std::max({wanted, chunk.rows + (purpose == row_purpose::response_hidden ? count : 0), count});
    }
    kept_rows<T, Backend> kept(config, rows, wanted, false);
    layer_workspace<T, Backend> work(config, rows, false);
    for (const completion_chunk& chunk : chunks) {
        const std::size_t count = chunk.end - chunk.begin;
        const packed_batch batch(completions.subspan(done, count), config, purpose);
        decoder_forward(weights, batch, kept, work);
        use(done, batch, first_rows(std::as_const(kept.hidden), batch.wanted.size()));
        done += count;
    }
}

/// Rows of the largest chunk that could be cut; 0: none could.
inline std::size_t rows_to_be_cut(std::span<const completion_chunk> chunks) {
    std::size_t most = 0;
    for (const completion_chunk& chunk : chunks)
        if (chunk.end - chunk.begin > 1) most = std::max(most, chunk.rows);
    return most;
}

} // namespace detail

/// Runs completions forward and calls use(first, batch, hidden) for every chunk: the number of its first completion,
/// its rows and the final hidden states of those that are wanted. A group of equal prompts is cut only when it does not
/// fit into a chunk by itself. Where a device's memory is too small, what is left runs in chunks of half as many rows;
/// a chunk in whose `use` that was noticed is used again. \throws as `packed_batch::check`; the device's memory error
/// when a completion alone does not fit.
template <class T, class Backend, class Use>
void forward_in_chunks(const decoder_weights<T, Backend>& weights, std::span<const token_completion> completions,
                       row_purpose purpose, Use&& use) {
    const transformer_config& config = weights.config();
    packed_batch::check(completions, config);
    std::size_t done = 0, most = rows_at_once<T, Backend>(config);
    while (done < completions.size()) {
        const std::vector<completion_chunk> chunks = chunks_of(completions.subspan(done), most, config);
        try {
            detail::run_chunks(weights, completions, chunks, purpose, done, use);
        } catch (const memory_error_of<Backend>&) {
            most = detail::rows_to_be_cut(chunks) / 2;
            if (most == 0) throw;
        }
    }
}

/// Of every completion the mean of the final hidden states at its response's tokens (an empty one's: the state at the
/// prompt's last), in the order of the tokens: completions × hidden_size. \throws as `packed_batch::check`.
template <class T, class Backend>
std::vector<T> mean_hidden(const decoder_weights<T, Backend>& weights, std::span<const token_completion> completions) {
    const std::size_t size = weights.config().hidden_size;
    std::vector<T> means(completions.size() * size), states;
    const auto use = [&](std::size_t first, const packed_batch& batch, auto hidden) {
        states.resize(batch.wanted.size() * size);
        Backend::download(hidden, std::span<T>(states));
        const T* row = states.data();
        for (std::size_t c = first; c < first + batch.completions(); ++c) {
            const std::size_t rows = std::max<std::size_t>(completions[c].response.size(), 1);
            for (std::size_t j = 0; j < size; ++j) {
                double sum = 0;
                for (std::size_t r = 0; r < rows; ++r) sum += static_cast<double>(row[r * size + j]);
                means[c * size + j] = static_cast<T>(sum / static_cast<double>(rows));
            }
            row += rows * size;
        }
    };
    forward_in_chunks(weights, completions, row_purpose::response_hidden, use);
    return means;
}

/// log π of every response token, one row per completion. \throws as `packed_batch::check`.
template <class T, class Backend>
ragged<double> token_log_probs(const decoder_weights<T, Backend>& weights,
                               std::span<const token_completion> completions) {
    ragged<double> all;
    std::vector<double> values;
    forward_in_chunks(weights, completions, row_purpose::log_probs, [&](auto, const packed_batch& batch, auto hidden) {
        values.resize(batch.targets.size());
        Backend::log_probs(hidden, weights.head(), weights.logits(), batch.targets, batch.sources,
                           {.log_probs = values});
        for (std::size_t c = 0; c < batch.completions(); ++c) all.push_back(batch.of(values, c));
    });
    return all;
}

/// log π(y | x) of completion number `completion`. \throws numeric_error when it is not finite.
inline double log_prob_of_tokens(std::span<const double> log_probs, std::size_t completion) {
    double sum = 0;
    for (const double value : log_probs) sum += value;
    require<numeric_error>(std::isfinite(sum), "completion ", completion, ": its log-probability is ", sum,
                           "; the model's parameters hold infinities or NaN, or overflow");
    return sum;
}

} // namespace preflearn
