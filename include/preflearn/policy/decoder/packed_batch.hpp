/// \file
/// A batch of completions as packed rows, one a token, nothing padded. Neighbouring completions with equal prompts
/// (whose positions turn by the same angles) form a group: the prompt's rows stand once, then the rows of every
/// response, which attend to the prompt's and to their own. Row j predicts token j + 1, so a response's last token
/// needs no row for its log-probability.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <preflearn/backend/operands.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/rotary.hpp>

namespace preflearn {

/// What a pass is asked for: log-probabilities of the responses, the hidden state at each completion's last token, or
/// those at all tokens of its response (an empty one's: at the prompt's last).
enum class row_purpose : std::uint8_t { log_probs, last_hidden, response_hidden };

/// Owns copies of the tokens; the completions need not outlive it.
class packed_batch {
  public:
    packed_batch() = default;

    /// \throws as `check`.
    packed_batch(std::span<const token_completion> completions, const transformer_config& config, row_purpose purpose) {
        check(completions, config);
        for (std::size_t begin = 0, end = 0; begin < completions.size(); begin = end) {
            end = begin + 1;
            while (end < completions.size() && share_rows(completions[begin], completions[end], config)) ++end;
            add_group(completions.subspan(begin, end - begin), purpose);
            rotary_lengths.resize(rows(), static_cast<std::uint32_t>(length_of(completions[begin], config)));
        }
    }

    [[nodiscard]] std::size_t rows() const { return tokens.size(); }
    [[nodiscard]] std::size_t completions() const { return token_offsets.size() - 1; }
    /// Those of `values`, one a prediction, that are completion c's.
    [[nodiscard]] std::span<const double> of(std::span<const double> values, std::size_t c) const {
        return values.subspan(token_offsets[c], token_offsets[c + 1] - token_offsets[c]);
    }
    /// Refers to the batch.
    [[nodiscard]] attention_plan plan() const { return {.segments = segments, .groups = groups}; }

    std::vector<token_id> tokens;              ///< of each row
    std::vector<std::uint32_t> positions;      ///< of each row
    std::vector<std::uint32_t> rotary_lengths; ///< of each row, those of a group are equal
    std::vector<row_segment> segments;         ///< a group's prompt comes first, then its responses with rows
    std::vector<std::size_t> groups{0};        ///< group g has segments groups[g] … groups[g + 1] - 1
    /// The rows whose final hidden state is wanted: those that predict, or each completion's last.
    std::vector<std::size_t> wanted;
    /// Prediction p, in the order of the completions' tokens, is of token targets[p] from wanted row sources[p].
    std::vector<token_id> targets;
    std::vector<std::size_t> sources;
    std::vector<std::size_t> token_offsets{0}; ///< completion c has predictions token_offsets[c] … [c + 1] - 1
    std::vector<std::uint64_t> dropout_keys{}; ///< of each row; none: nothing is left out

    /// Gives every row a key that follows from `seed` and from the tokens up to it, wherever these stand: a completion
    /// meets the same dropout in any batch, and responses to one prompt the same on the prompt.
    void draw_dropout(std::uint64_t seed) {
        dropout_keys.assign(rows(), 0);
        for (const row_segment& segment : segments) {
            std::uint64_t key =
                segment.prefix_length == 0 ? seed : dropout_keys[segment.prefix_row + segment.prefix_length - 1];
            for (std::size_t r = segment.row; r < segment.row + segment.length; ++r) {
                key = generator(key, "dropout of a token", static_cast<std::uint64_t>(tokens[r]))();
                dropout_keys[r] = key;
            }
        }
    }

    /// \throws argument_error for an empty prompt, a token id outside the vocabulary, or a sequence longer than the
    /// model's maximum, naming the completion.
    static void check(std::span<const token_completion> completions, const transformer_config& config) {
        for (std::size_t i = 0; i < completions.size(); ++i) check(completions[i], config, i);
    }

    static bool same_prompt(token_span a, token_span b) {
        return a.size() == b.size() && (a.data() == b.data() || std::equal(a.begin(), a.end(), b.begin()));
    }
    /// Whether the rows of two completions' prompts are the same.
    static bool share_rows(const token_completion& a, const token_completion& b, const transformer_config& config) {
        return same_prompt(a.prompt, b.prompt) && length_of(a, config) == length_of(b, config);
    }

  private:
    static std::size_t length_of(const token_completion& c, const transformer_config& config) {
        return rotary_length(config, c.prompt.size() + c.response.size());
    }
    static void check(const token_completion& c, const transformer_config& config, std::size_t index) {
        require(!c.prompt.empty(), "completion ", index,
                ": the prompt is empty; a language model needs at least one token before a response (such as a "
                "beginning-of-sequence token)");
        require(c.prompt.size() + c.response.size() <= config.maximum_length, "completion ", index, ": ",
                c.prompt.size(), " prompt tokens and ", c.response.size(),
                " response tokens are more than the model's maximum length ", config.maximum_length);
        const auto check_ids = [&](token_span ids, const char* part) {
            for (std::size_t j = 0; j < ids.size(); ++j)
                require(ids[j] >= 0 && static_cast<std::size_t>(ids[j]) < config.vocabulary_size, "completion ", index,
                        ": ", part, " token ", j, " has id ", ids[j], ", expected 0 to ", config.vocabulary_size - 1);
        };
        check_ids(c.prompt, "prompt");
        check_ids(c.response, "response");
    }

    void add_rows(token_span ids, std::size_t position) {
        tokens.insert(tokens.end(), ids.begin(), ids.end());
        for (std::size_t j = 0; j < ids.size(); ++j) positions.push_back(static_cast<std::uint32_t>(position + j));
    }

    void add_group(std::span<const token_completion> members, row_purpose purpose) {
        const bool scoring = purpose == row_purpose::log_probs;
        const bool silent =
            std::all_of(members.begin(), members.end(), [](const auto& c) { return c.response.empty(); });
        if (scoring && silent) { // their log-probability is 0 whatever the prompt
            token_offsets.insert(token_offsets.end(), members.size(), targets.size());
            return;
        }
        const token_span prompt = members.front().prompt;
        const row_segment first{rows(), prompt.size(), 0, 0, 0};
        const std::size_t prompt_end = first.row + first.length - 1, prompt_source = wanted.size();
        segments.push_back(first);
        add_rows(prompt, 0);
        if (scoring) wanted.push_back(prompt_end);
        for (const token_completion& c : members) {
            const token_span kept =
                scoring && !c.response.empty() ? c.response.first(c.response.size() - 1) : c.response;
            const row_segment own{rows(), kept.size(), prompt.size(), first.row, prompt.size()};
            if (!kept.empty()) segments.push_back(own);
            add_rows(kept, prompt.size());
            if (scoring) {
                for (std::size_t j = 0; j < c.response.size(); ++j) {
                    targets.push_back(c.response[j]);
                    sources.push_back(j == 0 ? prompt_source : wanted.size());
                    if (j > 0) wanted.push_back(own.row + j - 1);
                }
            } else if (purpose == row_purpose::response_hidden && !kept.empty()) {
                for (std::size_t j = 0; j < kept.size(); ++j) wanted.push_back(own.row + j);
            } else {
                wanted.push_back(kept.empty() ? prompt_end : own.row + kept.size() - 1);
            }
            token_offsets.push_back(targets.size());
        }
        groups.push_back(segments.size());
    }
};

} // namespace preflearn
