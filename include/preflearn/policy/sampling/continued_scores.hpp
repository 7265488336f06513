/// \file
/// Log-probs of completions that go on, call after call, from what was scored in the call before, as the beams of a
/// search do: keys and values of what was scored are kept, and only what is new runs through the layers, behind one
/// token that is run again for its prediction. What goes on is found by its tokens: nobody has to say which completion
/// continues which. Each number has the bits that scoring anew gives it where a backend's do not depend on the batch:
/// on the processor always, on a GPU up to 256 keys, beyond which it shares keys out by the size of the batch.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/decoder/chunks.hpp>
#include <preflearn/policy/decoder/forward.hpp>
#include <preflearn/policy/decoder/kept_rows.hpp>
#include <preflearn/policy/decoder/packed_batch.hpp>
#include <preflearn/policy/decoder/rows_at_once.hpp>

namespace preflearn {

/// Refers to the model, which must outlive it unchanged. Keeps the keys and values of one call, as many as
/// `sampling_at_once` allows; what is beyond, and all that a model with dynamic rotary positions reads (which turns its
/// keys by the length of the whole text), is scored anew.
template <class Model> class continued_scores {
  public:
    using T = typename Model::scalar;
    using backend = typename Model::backend;

    explicit continued_scores(const Model& lm)
        : model_(lm), room_(lm.config().rope_scaling.type == rope_scaling::rule::dynamic
                                ? 0
                                : sampling_at_once<T, backend>(lm.config()).tokens) {}

    /// What `model.log_probs` gives. \throws as that does.
    [[nodiscard]] std::vector<double> log_probs(std::span<const token_completion> completions) {
        packed_batch::check(completions, model_.config());
        const std::size_t count = that_fit(completions);
        std::vector<double> sums;
        try {
            score(completions.first(count), sums);
        } catch (const memory_error_of<backend>&) {
            room_ = 0;
            cache_.layers.clear();
            return log_probs(completions);
        }
        const std::span<const token_completion> rest = completions.subspan(count);
        if (rest.empty()) return sums;
        for (const token_completion& one : rest) computed_ += one.prompt.size() + one.response.size();
        for (const double sum : model_.log_probs(rest)) sums.push_back(sum);
        return sums;
    }
    /// How many tokens ran through the layers so far.
    [[nodiscard]] std::size_t computed() const { return computed_; }

  private:
    /// A completion whose keys and values stand in the cache: those of all tokens but the last, from `row` on.
    struct sequence {
        std::vector<token_id> tokens; ///< of prompt and response
        std::size_t prompt = 0, row = 0;
        std::vector<double> log_probs{}; ///< of the response's first tokens, as far as they are known

        [[nodiscard]] std::size_t rows() const { return tokens.size() - 1; }
        [[nodiscard]] std::size_t known() const { return prompt + log_probs.size(); }
        [[nodiscard]] bool has_prompt_of(const sequence& other) const {
            return prompt == other.prompt &&
                   std::equal(tokens.begin(), tokens.begin() + std::ptrdiff_t(prompt), other.tokens.begin());
        }
    };
    /// Tokens of a sequence that are run: [from, to) of it.
    struct stretch {
        std::size_t of = 0, from = 0, to = 0;
    };

    /// How many completions' keys and values may be kept.
    [[nodiscard]] std::size_t that_fit(std::span<const token_completion> completions) const {
        std::size_t tokens = 0, count = 0;
        while (count < completions.size()) {
            tokens += completions[count].prompt.size() + completions[count].response.size();
            if (tokens > room_) break;
            ++count;
        }
        return count;
    }

    void score(std::span<const token_completion> completions, std::vector<double>& sums) {
        std::vector<sequence> now;
        std::vector<std::size_t> number; // of the sequence of every completion
        for (const token_completion& one : completions) {
            sequence made{.tokens = {one.prompt.begin(), one.prompt.end()}, .prompt = one.prompt.size()};
            made.tokens.insert(made.tokens.end(), one.response.begin(), one.response.end());
            const bool again = !now.empty() && now.back().prompt == made.prompt && now.back().tokens == made.tokens;
            if (!again) now.push_back(std::move(made));
            number.push_back(now.size() - 1);
        }
        std::size_t rows = 0;
        for (sequence& one : now) {
            one.row = rows;
            rows += one.rows();
        }
        take_known(std::exchange(known_, {}), now, rows); // none are known where this ends in an error
        run_prompts(now);
        run_rest(now);
        for (std::size_t c = 0; c < completions.size(); ++c)
            sums.push_back(log_prob_of_tokens(now[number[c]].log_probs, c));
        known_ = std::move(now);
    }

    /// The log-probs and the keys and values of what sequences have in common with those of the call before. Layer by
    /// layer, so that both caches are never there at once.
    void take_known(const std::vector<sequence>& all_before, std::vector<sequence>& now, std::size_t rows) {
        std::vector<const sequence*> sources;
        for (sequence& one : now) {
            const sequence* best = nullptr;
            std::size_t most = 0;
            for (const sequence& before : all_before) {
                if (!one.has_prompt_of(before)) continue;
                const auto same = std::ranges::mismatch(one.tokens, before.tokens).in1 - one.tokens.begin();
                if (best != nullptr && static_cast<std::size_t>(same) <= most) continue;
                best = &before;
                most = static_cast<std::size_t>(same);
            }
            sources.push_back(best);
            if (best == nullptr) continue;
            const auto end = best->log_probs.begin() + static_cast<std::ptrdiff_t>(most - one.prompt);
            one.log_probs.assign(best->log_probs.begin(), end);
        }
        const transformer_config& c = model_.config();
        for (std::size_t layer = 0; layer < c.layers; ++layer) {
            typename backend::template array<T> fresh(rows, 2 * c.key_value_size());
            for (std::size_t i = 0; i < now.size(); ++i) {
                const std::size_t count = sources[i] == nullptr ? 0 : now[i].known() - 1;
                if (count == 0) continue;
                backend::copy(cache_.layers[layer].view().row_block(sources[i]->row, count),
                              fresh.view().row_block(now[i].row, count));
            }
            if (layer == cache_.layers.size()) cache_.layers.emplace_back();
            cache_.layers[layer] = std::move(fresh);
        }
        has_keys_.clear();
        for (const sequence* const source : sources) has_keys_.push_back(source != nullptr);
    }

    /// Prompts that were not there before, each once: all but the last token.
    void run_prompts(const std::vector<sequence>& now) {
        std::vector<stretch> first;
        std::vector<std::size_t> like(now.size());
        for (std::size_t i = 0; i < now.size(); ++i) {
            like[i] = i;
            if (has_keys_[i] || now[i].prompt == 1) continue;
            for (std::size_t j = i; j-- > 0 && like[i] == i;)
                if (now[i].has_prompt_of(now[j])) like[i] = j;
            if (like[i] == i) first.push_back({i, 0, now[i].prompt - 1});
        }
        run(now, first, [](const packed_batch&, auto) {});
        for (std::size_t i = 0; i < now.size(); ++i) {
            if (like[i] == i) continue;
            for (auto& layer : cache_.layers)
                backend::copy(layer.view().row_block(now[like[i]].row, now[i].prompt - 1),
                              layer.view().row_block(now[i].row, now[i].prompt - 1));
        }
    }

    /// The tokens that predict what is not known yet.
    void run_rest(std::vector<sequence>& now) {
        std::vector<stretch> rest;
        for (std::size_t i = 0; i < now.size(); ++i)
            if (now[i].known() < now[i].tokens.size()) rest.push_back({i, now[i].known() - 1, now[i].rows()});
        std::size_t next = 0;
        std::vector<double> values;
        run(now, rest, [&](const packed_batch& batch, auto hidden) {
            values.resize(batch.targets.size());
            backend::log_probs(hidden, model_.weights().head(), model_.weights().logits(), batch.targets, batch.sources,
                               {.log_probs = values});
            for (std::size_t at = 0; at < values.size(); ++next) {
                const std::size_t count = rest[next].to - rest[next].from;
                std::vector<double>& to = now[rest[next].of].log_probs;
                to.insert(to.end(), values.begin() + static_cast<std::ptrdiff_t>(at),
                          values.begin() + static_cast<std::ptrdiff_t>(at + count));
                at += count;
            }
        });
    }

    /// Runs stretches in chunks, keys and values into the cache; use(batch, final hidden states of all its rows).
    template <class Use> void run(const std::vector<sequence>& now, std::span<const stretch> all, const Use& use) {
        const transformer_config& c = model_.config();
        const std::size_t most = rows_at_once<T, backend>(c);
        for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
            packed_batch batch;
            std::vector<std::size_t> rows;
            for (; end < all.size() && (end == begin || batch.rows() + all[end].to - all[end].from <= most); ++end)
                add(batch, rows, now[all[end].of], all[end]);
            computed_ += batch.rows();
            kept_rows<T, backend> kept(c, batch.rows(), batch.rows(), false);
            layer_workspace<T, backend> work(c, batch.rows(), false);
            cache_.rows = rows;
            layer_context<T, backend> context(c, {.segments = batch.segments, .keys = own_keys::after_prefix},
                                              batch.positions, batch.rotary_lengths, false, &cache_);
            decoder_forward(model_.weights(), batch, context, kept, work);
            use(batch, first_rows(std::as_const(kept.hidden), batch.rows()));
        }
    }
    static void add(packed_batch& batch, std::vector<std::size_t>& rows, const sequence& of, const stretch& part) {
        batch.segments.push_back({.row = batch.rows(),
                                  .length = part.to - part.from,
                                  .position = part.from,
                                  .prefix_row = of.row,
                                  .prefix_length = part.from});
        for (std::size_t t = part.from; t < part.to; ++t) {
            batch.wanted.push_back(batch.rows());
            batch.sources.push_back(batch.rows());
            batch.targets.push_back(of.tokens[t + 1]);
            batch.tokens.push_back(of.tokens[t]);
            batch.positions.push_back(static_cast<std::uint32_t>(t));
            batch.rotary_lengths.push_back(0);
            rows.push_back(of.row + t);
        }
    }

    const Model& model_;
    std::size_t room_, computed_ = 0;
    std::vector<sequence> known_;
    std::vector<bool> has_keys_; ///< whether those of the prompts were there before
    key_value_cache<T, backend> cache_;
};

} // namespace preflearn
