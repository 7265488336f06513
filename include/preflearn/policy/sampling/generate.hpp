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
#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/rows_at_once.hpp>
#include <preflearn/policy/sampling/cache.hpp>
#include <preflearn/policy/sampling/draw_token.hpp>
#include <preflearn/policy/sampling/drawn_sequences.hpp>

namespace preflearn {

/// Draws a response to every prompt, all at once; response i from randoms[i]. A response ends with an end token of the
/// model, which it includes, after options.max_tokens, or where prompt and response reach the model's maximum length.
template <class Model>
std::vector<std::vector<token_id>> generate(const Model& model, std::span<const token_span> prompts,
                                            const sampling_options& options, std::span<generator> randoms) {
    check(options);
    if (prompts.empty()) return {};
    const transformer_config& config = model.config();
    std::vector<std::size_t> limits;
    for (const token_span prompt : prompts)
        limits.push_back(
            std::min(options.max_tokens, config.maximum_length - std::min(prompt.size(), config.maximum_length)));
    cached_decoder<Model> decoder(model, prompts, options.max_tokens);
    drawn_sequences<cached_decoder<Model>> drawn(decoder, options, randoms, limits);
    drawn.grow(options.max_tokens, [&](std::size_t, token_span response) {
        return std::ranges::find(config.end_tokens, response.back()) != config.end_tokens.end();
    });
    return drawn.take();
}

namespace detail {

/// How many of the prompts from `begin` on grow together: as many as fit, at least one.
/// \param unit so many neighbours are never parted
inline std::size_t sampling_group(std::span<const token_span> prompts, std::size_t begin, std::size_t max_tokens,
                                  const transformer_config& config, const sampling_room& room, std::size_t unit = 1) {
    std::size_t tokens = 0, end = begin;
    while (end < prompts.size() && (end == begin || end - begin + unit <= room.sequences)) {
        for (std::size_t i = end; i < end + unit; ++i)
            tokens += std::min(prompts[i].size() + std::min(max_tokens, config.maximum_length),
                               std::max(config.maximum_length, prompts[i].size()));
        if (end != begin && tokens > room.tokens) break;
        end += unit;
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
