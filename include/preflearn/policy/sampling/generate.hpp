/// \file
/// Drawing responses from a decoder: every step reads the weights once for many sequences, draws a token for each
/// from its own generator, and lets those that ended go.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/ragged.hpp>
#include <preflearn/core/sampling.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/rows_at_once.hpp>
#include <preflearn/policy/sampling/cache.hpp>
#include <preflearn/policy/sampling/draw_token.hpp>

namespace preflearn {

/// Draws a response to every prompt, all at once; response i from randoms[i]. A response ends with an end token of the
/// model, which it includes, after options.max_tokens, or where prompt and response reach the model's maximum length.
template <class Model>
std::vector<std::vector<token_id>> generate(const Model& model, std::span<const token_span> prompts,
                                            const sampling_options& options, std::span<generator> randoms) {
    check(options);
    std::vector<std::vector<token_id>> responses(prompts.size());
    if (prompts.empty()) return responses;
    const std::vector<token_id>& ends = model.config().end_tokens;
    cached_decoder<Model> decoder(model, prompts, options.max_tokens);
    std::vector<token_drawer> drawers(prompts.size());
    std::vector<std::size_t> going;
    std::vector<token_id> next, drawn;
    for (std::size_t i = 0; i < prompts.size(); ++i)
        if (options.max_tokens != 0 && decoder.has_room(i)) going.push_back(i);
    std::vector<std::size_t> rows = going;
    drawn.resize(prompts.size());
    while (!going.empty()) {
        // row rows[k] of the logits belongs to the k-th sequence still going
        const auto logits = decoder.logits();
        const std::span<const std::size_t> live = decoder.live();
        parallel_for(rows.size(), [&](std::size_t k) {
            const std::size_t s = live[rows[k]];
            drawn[k] = drawers[s](std::span(logits.row(rows[k]), logits.columns), options, randoms[s]);
        });
        going.clear();
        next.clear();
        for (std::size_t k = 0; k < rows.size(); ++k) {
            const std::size_t s = live[rows[k]];
            responses[s].push_back(drawn[k]);
            const bool ended = std::find(ends.begin(), ends.end(), drawn[k]) != ends.end();
            if (ended || responses[s].size() == options.max_tokens ||
                prompts[s].size() + responses[s].size() == model.config().maximum_length)
                continue;
            going.push_back(rows[k]);
            next.push_back(drawn[k]);
        }
        if (going.empty()) break;
        decoder.keep(going);
        decoder.advance(next);
        rows.resize(going.size());
        for (std::size_t k = 0; k < rows.size(); ++k) rows[k] = k;
    }
    return responses;
}

namespace detail {

/// How many of the prompts from `begin` on grow together: as many as fit, at least one.
inline std::size_t sampling_group(std::span<const token_span> prompts, std::size_t begin, std::size_t max_tokens,
                                  const transformer_config& config, const sampling_room& room) {
    std::size_t tokens = 0, end = begin;
    while (end < prompts.size() && end - begin < room.sequences) {
        tokens += std::min(prompts[end].size() + std::min(max_tokens, config.maximum_length),
                           std::max(config.maximum_length, prompts[end].size()));
        if (end != begin && tokens > room.tokens) break;
        ++end;
    }
    return end - begin;
}

} // namespace detail

/// Draws a response to every prompt, in groups whose keys and values take bounded memory; response i is drawn from
/// generator{seed, purpose, i}. Where a device's memory is too small for a group, half of it is tried.
template <class Model>
ragged<token_id> generate_many(const Model& model, std::span<const token_span> prompts, const sampling_options& options,
                               std::uint64_t seed, std::string_view purpose) {
    using backend = typename Model::backend;
    sampling_room room = sampling_at_once<typename Model::scalar, backend>(model.config());
    ragged<token_id> all;
    for (std::size_t begin = 0; begin < prompts.size();) {
        const std::size_t count = detail::sampling_group(prompts, begin, options.max_tokens, model.config(), room);
        std::vector<generator> randoms;
        for (std::size_t i = begin; i < begin + count; ++i) randoms.emplace_back(seed, purpose, i);
        try {
            for (const auto& response : generate(model, prompts.subspan(begin, count), options, std::span(randoms)))
                all.push_back(response);
        } catch (const memory_error_of<backend>&) {
            if (count == 1) throw;
            room.sequences = count / 2;
            continue;
        }
        begin += count;
    }
    return all;
}

} // namespace preflearn
