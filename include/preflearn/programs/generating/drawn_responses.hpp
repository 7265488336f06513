/// \file
/// Responses that a model draws to prompts, many at a time. Response k to a prompt has random numbers of its own, from
/// (seed, the prompt, k): it is the same in any company, and the first ones stay when more are drawn. The forward pass
/// of a prompt is run once for all its responses.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/sampling.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/data/preferences/transcript.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/sampling/decoder_calls.hpp>
#include <preflearn/policy/sampling/drawn_sequences.hpp>
#include <preflearn/policy/sampling/sampling_groups.hpp>
#include <preflearn/policy/text/encoded_texts.hpp>
#include <preflearn/programs/generating/response_text.hpp>

namespace preflearn {

/// What draws responses. Refers to all that it is made of.
struct responder {
    const any_transformer<float>& model;
    encoded_texts& texts;
    sampling_options sampling{};
    response_ends ends{};
    response_ends transcript_ends{}; ///< behind HH transcripts
    std::uint64_t seed = 0;

    [[nodiscard]] const response_ends& ends_of(std::string_view prompt) const {
        const bool transcript = prompt.starts_with("\n\nHuman:") && prompt.ends_with(hh_answer_start);
        return transcript ? transcript_ends : ends;
    }
    /// How many tokens a response has at most.
    [[nodiscard]] std::size_t limit(token_span prompt) const {
        const std::size_t whole = model.config().maximum_length;
        return std::min(sampling.max_tokens, whole - std::min(prompt.size(), whole));
    }
    /// Of response k to a prompt; a search has more than one way to go on.
    [[nodiscard]] generator random(std::uint64_t stream, std::size_t k, std::size_t way = 0) const {
        return generator(seed, way == 0 ? message("response ", k) : message("response ", k, " way ", way), stream);
    }
};

/// A prompt as one asks for responses. Views its text.
struct asked_prompt {
    std::string_view text{};
    std::uint64_t stream = 0;
};

struct drawn_response {
    std::string text{};
    std::size_t tokens = 0; ///< the end token and those of a stop string included
    bool ended = false;     ///< by itself, not at its length
};

/// Responses, and how many tokens were computed for them.
struct drawn_block {
    std::vector<std::vector<drawn_response>> of{}; ///< of[i][k]
    std::size_t tokens = 0;
};

/// Draws `count` responses to each prompt. Prompts are not longer than the model's maximum.
inline drawn_block draw_responses(const responder& with, std::span<const asked_prompt> prompts, std::size_t count) {
    drawn_block drawn{.of = std::vector<std::vector<drawn_response>>(prompts.size())};
    std::vector<token_span> ids;
    for (const asked_prompt& prompt : prompts) {
        ids.insert(ids.end(), count, with.texts.begun(prompt.text));
        if (!ids.empty()) drawn.tokens += ids.back().size();
    }
    const auto draw = [&](std::size_t begin, std::size_t size, decoder_calls<float>& decoder) {
        std::vector<generator> randoms;
        std::vector<std::size_t> limits;
        std::vector<response_text> grown;
        for (std::size_t i = begin; i < begin + size; ++i) {
            const asked_prompt& prompt = prompts[i / count];
            randoms.push_back(with.random(prompt.stream, i % count));
            limits.push_back(with.limit(ids[i]));
            grown.emplace_back(with.texts, prompt.text, with.ends_of(prompt.text));
        }
        drawn_sequences<decoder_calls<float>> sequences(decoder, with.sampling, randoms, limits);
        sequences.grow(with.sampling.max_tokens,
                       [&](std::size_t i, token_span response) { return grown[i].add(response.back()); });
        for (std::size_t i = 0; i < size; ++i) {
            drawn.of[(begin + i) / count].push_back({grown[i].text(), grown[i].tokens(), grown[i].ended()});
            drawn.tokens += grown[i].tokens();
        }
    };
    in_sampling_groups(with.model, ids, with.sampling.max_tokens, 1, draw);
    return drawn;
}

} // namespace preflearn
