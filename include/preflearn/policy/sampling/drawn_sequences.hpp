/// \file
/// Sequences that grow by drawn tokens, each from its own generator, some steps at a time: between them a search may
/// let some go on several times and others not at all. For `cached_decoder` and for what stands in for one
/// (decoder_calls.hpp).
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/sampling.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/sampling/draw_token.hpp>

namespace preflearn {

/// Number i draws from randoms[i], whatever it is a copy of. Refers to decoder and generators.
template <class Decoder> class drawn_sequences {
  public:
    /// One sequence for each prompt of a decoder that has not grown yet. \param limits how many tokens each may draw:
    /// no more than the decoder has room for \throws argument_error for options out of range.
    drawn_sequences(Decoder& decoder, const sampling_options& options, std::span<generator> randoms,
                    std::span<const std::size_t> limits)
        : decoder_(decoder), options_(options), randoms_(randoms), limits_(limits.begin(), limits.end()),
          responses_(limits.size()), drawers_(limits.size()) {
        check(options);
        require(randoms.size() == limits.size() && decoder.live().size() == limits.size(),
                "drawn_sequences: ", decoder.live().size(), " prompts, ", randoms.size(), " generators, ",
                limits.size(), " limits");
        for (std::size_t i = 0; i < limits.size(); ++i)
            if (limits[i] != 0) going_.push_back(i);
        rows_ = going_;
    }

    /// Draws up to `count` tokens for each sequence that goes on. \param ends whether a sequence has ended with the
    /// token that it was given last: called as ends(number, its tokens), one after the other
    template <class Ends> void grow(std::size_t count, Ends&& ends) {
        for (std::size_t step = 0; step < count && !going_.empty(); ++step) {
            advance();
            const auto logits = decoder_.logits();
            drawn_.resize(going_.size());
            parallel_for(going_.size(), [&](std::size_t i) {
                const std::size_t s = going_[i];
                drawn_[i] = drawers_[s](std::span(logits.row(rows_[i]), logits.columns), options_, randoms_[s]);
            });
            std::size_t kept = 0;
            for (std::size_t i = 0; i < going_.size(); ++i) {
                const std::size_t s = going_[i];
                responses_[s].push_back(drawn_[i]);
                const bool ended = ends(s, token_span(responses_[s]));
                if (ended || responses_[s].size() >= limits_[s]) continue;
                going_[kept] = s;
                rows_[kept++] = rows_[i];
            }
            going_.resize(kept);
            rows_.resize(kept);
            has_logits_ = false;
        }
    }

    /// Number to[i] goes on as what number from[i] is; of the others none does. Each of `from` goes on now, and `to`
    /// has no number twice; both have equal prompts.
    void branch(std::span<const std::size_t> to, std::span<const std::size_t> from) {
        require(!has_logits_ && to.size() == from.size(), "drawn_sequences: branches between two steps");
        std::vector<std::vector<token_id>> grown;
        std::vector<std::size_t> rows;
        for (const std::size_t s : from) {
            const auto at = std::ranges::find(going_, s);
            require(at != going_.end(), "drawn_sequences: number ", s, " does not go on");
            rows.push_back(rows_[static_cast<std::size_t>(at - going_.begin())]);
            grown.push_back(responses_[s]);
        }
        for (std::size_t i = 0; i < to.size(); ++i) responses_[to[i]] = std::move(grown[i]);
        going_.assign(to.begin(), to.end());
        rows_ = std::move(rows);
    }

    /// The numbers that go on.
    [[nodiscard]] std::span<const std::size_t> going() const { return going_; }
    [[nodiscard]] std::span<const std::vector<token_id>> responses() const { return responses_; }
    [[nodiscard]] std::vector<std::vector<token_id>> take() { return std::move(responses_); }

  private:
    /// The logits behind the tokens drawn last.
    void advance() {
        if (has_logits_) return;
        if (std::ranges::adjacent_find(rows_, std::ranges::greater_equal()) == rows_.end())
            decoder_.keep(rows_);
        else
            decoder_.branch(rows_);
        std::vector<token_id> last;
        for (const std::size_t s : going_) last.push_back(responses_[s].back());
        decoder_.advance(last);
        std::iota(rows_.begin(), rows_.end(), std::size_t{0});
        has_logits_ = true;
    }

    Decoder& decoder_;
    sampling_options options_;
    std::span<generator> randoms_;
    std::vector<std::size_t> limits_;
    std::vector<std::vector<token_id>> responses_;
    std::vector<token_drawer> drawers_;
    std::vector<std::size_t> going_, rows_; ///< rows_[i]: of going_[i] among the decoder's live sequences
    std::vector<token_id> drawn_;
    bool has_logits_ = true;
};

} // namespace preflearn
