/// \file
/// Many sequences in groups whose keys and values take bounded memory, and responses drawn in such groups, each from a
/// generator of its own: by its numbers a response is the same alone and in any company. For models whose decoder is
/// behind one type (decoder_calls.hpp).
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/sampling.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/sampling/decoder_calls.hpp>
#include <preflearn/policy/sampling/drawn_sequences.hpp>
#include <preflearn/policy/sampling/generate.hpp>

namespace preflearn {

/// Calls `draw(begin, count, decoder)` for one group after the other, `unit` neighbours always together.
/// \throws device_error where not even one unit fits
template <class Model, class Draw>
void in_sampling_groups(const Model& model, std::span<const token_span> prompts, std::size_t max_tokens,
                        std::size_t unit, Draw&& draw) {
    sampling_room room = model.room_for_sampling();
    for (std::size_t begin = 0; begin < prompts.size();) {
        const std::size_t count = detail::sampling_group(prompts, begin, max_tokens, model.config(), room, unit);
        auto decoder = model.decoder(prompts.subspan(begin, count), max_tokens);
        if (decoder == nullptr) {
            require<device_error>(count > unit, "the device's memory is too small for a response");
            room.sequences = count / 2;
            continue;
        }
        draw(begin, count, *decoder);
        begin += count;
    }
}

/// How many tokens a response has at most, behind a prompt that is no longer than the model's maximum.
template <class Model> std::size_t response_limit(const Model& model, token_span prompt, std::size_t max_tokens) {
    return std::min(max_tokens, model.config().maximum_length - prompt.size());
}

/// Draws a response to every prompt, many at a time, response i from randoms[i]: what `model.sample` draws from it.
/// \throws argument_error as that does
template <class Model>
std::vector<std::vector<token_id>> sample_each(const Model& model, std::span<const token_span> prompts,
                                               const sampling_options& options, std::span<generator> randoms) {
    require(prompts.size() == randoms.size(), "sample_each: ", prompts.size(), " prompts, ", randoms.size(),
            " generators");
    const std::vector<token_id>& ends = model.config().end_tokens;
    std::vector<std::vector<token_id>> all;
    in_sampling_groups(model, prompts, options.max_tokens, 1, [&](std::size_t begin, std::size_t count, auto& decoder) {
        std::vector<std::size_t> limits;
        for (const token_span prompt : prompts.subspan(begin, count))
            limits.push_back(response_limit(model, prompt, options.max_tokens));
        drawn_sequences<decoder_calls<typename Model::scalar>> drawn(decoder, options, randoms.subspan(begin, count),
                                                                     limits);
        drawn.grow(options.max_tokens, [&](std::size_t, token_span response) {
            return std::ranges::find(ends, response.back()) != ends.end();
        });
        for (std::vector<token_id>& response : drawn.take()) all.push_back(std::move(response));
    });
    return all;
}

} // namespace preflearn
