/// \file
/// Small random models and completions for the tests of this room.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/decoder/config.hpp>

namespace test {

using preflearn::token_id;

/// Grouped queries, untied.
inline preflearn::transformer_config grouped() {
    return {.vocabulary_size = 19,
            .hidden_size = 12,
            .intermediate_size = 10,
            .layers = 2,
            .heads = 4,
            .key_value_heads = 2,
            .head_dim = 6,
            .rope_theta = 50,
            .maximum_length = 64,
            .tied_embeddings = false};
}
/// One key for all heads, tied, linear rotary scaling.
inline preflearn::transformer_config multi_query() {
    preflearn::transformer_config config{.vocabulary_size = 13,
                                         .hidden_size = 8,
                                         .intermediate_size = 14,
                                         .layers = 3,
                                         .heads = 4,
                                         .key_value_heads = 1,
                                         .rope_scaling = {.type = preflearn::rope_scaling::rule::linear, .factor = 2},
                                         .maximum_length = 64};
    config.end_tokens.push_back(12);
    return config;
}

/// Angles that depend on a text's length beyond six tokens.
inline preflearn::transformer_config stretched() {
    preflearn::transformer_config config = grouped();
    config.rope_scaling = {.type = preflearn::rope_scaling::rule::dynamic, .factor = 3, .original_maximum_length = 6};
    return config;
}

/// Owns token sequences and views them as completions; prompts are repeated by content, not by address.
struct completions {
    std::vector<std::vector<token_id>> prompts, responses;
    void add(std::vector<token_id> prompt, std::vector<token_id> response) {
        prompts.push_back(std::move(prompt));
        responses.push_back(std::move(response));
    }
    [[nodiscard]] std::vector<preflearn::token_completion> views() const {
        std::vector<preflearn::token_completion> all;
        for (std::size_t i = 0; i < prompts.size(); ++i) all.push_back({prompts[i], responses[i]});
        return all;
    }
};

/// Prompts with one to three responses, an empty response in a group and one alone, a one-token prompt.
inline completions mixed() {
    completions c;
    c.add({1, 5, 2, 9}, {3, 3, 7});
    c.add({1, 5, 2, 9}, {8});
    c.add({1, 5, 2, 9}, {});
    c.add({4}, {10, 11});
    c.add({6, 6}, {});
    c.add({2, 0, 11}, {1, 2, 3, 4, 5});
    c.add({2, 0, 11}, {1, 2, 9});
    c.add({1, 5, 2, 9}, {0, 0});
    return c;
}

inline std::vector<token_id> random_tokens(std::size_t count, std::size_t vocabulary, std::uint64_t stream) {
    preflearn::generator random(11, "tokens", stream);
    std::vector<token_id> ids(count);
    for (token_id& id : ids) id = static_cast<token_id>(random.below(vocabulary));
    return ids;
}

} // namespace test
