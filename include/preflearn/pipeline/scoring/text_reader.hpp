/// \file
/// A policy over text as a reader of pairs: how long a pair is in its tokens, begin and end tokens counted as they are
/// scored, and whether its model knows every token. Asked once before a run, so that nothing fails in the middle of it.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/data/selection/fitting.hpp>

namespace preflearn {

namespace detail {

/// \throws input_error for an id that the model has no place for: tokenizer and model do not belong together.
inline std::size_t checked_length(token_span ids, std::size_t vocabulary, std::string_view part) {
    for (const token_id id : ids)
        require<input_error>(id >= 0 && static_cast<std::size_t>(id) < vocabulary, "the ", part, " has the token ", id,
                             ", but the model's vocabulary ends at ", vocabulary - 1);
    return ids.size();
}

/// What the policy's model reads: of the two together, where the policy knows that.
template <class TextPolicy>
token_completion completion_tokens(const TextPolicy& policy, std::string_view prompt, std::string_view response) {
    if constexpr (requires { policy.tokens(prompt, response); })
        return policy.tokens(prompt, response);
    else
        return {policy.prompt_tokens(prompt), policy.response_tokens(response)};
}

/// Whether the prompt is other tokens beside a response than alone.
template <class TextPolicy> bool changes_prompt(const TextPolicy& policy, const text_comparison& pair) {
    const token_span alone = policy.prompt_tokens(pair.prompt);
    return !std::ranges::equal(policy.tokens(pair.prompt, pair.first).prompt, alone) ||
           !std::ranges::equal(policy.tokens(pair.prompt, pair.second).prompt, alone);
}

} // namespace detail

/// The policy must outlive the reader. \param name what messages call the model
template <class TextPolicy> pair_reader reader_of(const TextPolicy& policy, std::string name) {
    const std::size_t vocabulary = policy.model().config().vocabulary_size;
    return {.name = std::move(name),
            .maximum_length = policy.model().config().maximum_length,
            .lengths = [&policy, vocabulary](const text_comparison& pair) {
                const token_completion first = detail::completion_tokens(policy, pair.prompt, pair.first),
                                       second = detail::completion_tokens(policy, pair.prompt, pair.second);
                return pair_lengths{.prompt = detail::checked_length(first.prompt, vocabulary, "prompt"),
                                    .first = detail::checked_length(first.response, vocabulary, "first response"),
                                    .second = detail::checked_length(second.response, vocabulary, "second response"),
                                    .second_prompt = detail::checked_length(second.prompt, vocabulary, "prompt")};
            }};
}

} // namespace preflearn
