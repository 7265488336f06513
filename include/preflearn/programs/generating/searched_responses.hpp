/// \file
/// Weak-to-strong search (Zhou et al. 2024, "Weak-to-Strong Search: Align Large Language Models via Searching over
/// Small Language Models", arXiv:2405.19262): the beams of a response grow by some tokens in several ways each, a
/// teacher scores all that there is then, and the best go on. Beginnings have no end behind them; a response that has
/// ended is a candidate of its own, once, until it is beaten. Keys and values of a beam are copied, not computed again.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/sampling/decoder_calls.hpp>
#include <preflearn/policy/sampling/drawn_sequences.hpp>
#include <preflearn/policy/sampling/sampling_groups.hpp>
#include <preflearn/programs/generating/drawn_responses.hpp>
#include <preflearn/programs/generating/generate_options.hpp>
#include <preflearn/programs/generating/judged_responses.hpp>
#include <preflearn/programs/generating/response_text.hpp>

namespace preflearn {

/// Candidates for a response to a prompt, by its place; who scores them puts in what is known of it.
struct searched_candidates {
    std::size_t prompt = 0;
    candidate_responses all{};
};
using candidate_scorer = std::function<std::vector<candidate_scores>(std::span<const searched_candidates>)>;

namespace detail {

/// The search of one response. Its sequences have the numbers from `base` on.
struct beam_search {
    std::size_t prompt = 0, base = 0;
    std::vector<std::size_t> grown{};      ///< the numbers that grew last
    std::vector<response_text> finished{}; ///< beams that do not grow
    std::optional<response_text> found{};

    [[nodiscard]] bool is_over() const { return found.has_value(); }
};

/// The beams of many searches, as long as any goes on.
class beam_searches {
  public:
    beam_searches(const search_options& options, std::vector<response_text>& texts,
                  drawn_sequences<decoder_calls<float>>& sequences)
        : options_(options), texts_(texts), sequences_(sequences), goes_on_(texts.size()) {}

    void add(std::size_t prompt) {
        const std::size_t ways = options_.width * options_.successors;
        searches_.push_back(
            {.prompt = prompt, .base = searches_.size() * ways, .grown = std::vector<std::size_t>(ways)});
        std::iota(searches_.back().grown.begin(), searches_.back().grown.end(), searches_.back().base);
    }
    [[nodiscard]] std::vector<beam_search>& all() { return searches_; }

    /// What every search that is not over may go on with.
    [[nodiscard]] std::vector<searched_candidates> candidates() {
        goes_on_.assign(goes_on_.size(), false);
        for (const std::size_t s : sequences_.going()) goes_on_[s] = true;
        std::vector<searched_candidates> sets;
        for (const beam_search& search : searches_) {
            if (search.is_over()) continue;
            searched_candidates& set = sets.emplace_back();
            set.prompt = search.prompt;
            for (const response_text& beam : search.finished) {
                set.all.texts.push_back(beam.text());
                set.all.open.push_back(!beam.ended());
            }
            for (const std::size_t s : search.grown) {
                set.all.texts.push_back(texts_[s].text());
                set.all.open.push_back(!texts_[s].ended());
            }
        }
        return sets;
    }
    /// Goes on with the best of them. \param orders one of each set of candidates, the best first
    void select(std::span<const std::vector<std::size_t>> orders) {
        std::vector<std::size_t> to, from;
        auto order = orders.begin();
        for (beam_search& search : searches_)
            if (!search.is_over()) select(search, *order++, to, from);
        std::vector<response_text> copies;
        for (const std::size_t s : from) copies.push_back(texts_[s]);
        for (std::size_t i = 0; i < to.size(); ++i) texts_[to[i]] = std::move(copies[i]);
        if (!to.empty()) sequences_.branch(to, from);
    }

  private:
    void select(beam_search& search, std::span<const std::size_t> order, std::vector<std::size_t>& to,
                std::vector<std::size_t>& from) {
        std::vector<response_text> finished;
        std::vector<std::size_t> beams;
        for (const std::size_t c : order.first(std::min(options_.width, order.size()))) {
            const std::size_t before = search.finished.size();
            if (c < before)
                finished.push_back(search.finished[c]);
            else if (const std::size_t s = search.grown[c - before]; goes_on_[s])
                beams.push_back(s);
            else
                finished.push_back(texts_[s]);
        }
        search.finished = std::move(finished);
        search.grown.clear();
        for (const std::size_t beam : beams) {
            for (std::size_t k = 0; k < options_.successors; ++k) {
                search.grown.push_back(search.base + search.grown.size());
                to.push_back(search.grown.back());
                from.push_back(beam);
            }
        }
        if (beams.empty()) search.found = search.finished.front(); // the best, since it came first
    }

    const search_options& options_;
    std::vector<response_text>& texts_;
    drawn_sequences<decoder_calls<float>>& sequences_;
    std::vector<bool> goes_on_;
    std::vector<beam_search> searches_;
};

/// The orders in which candidates are preferred; one alone is not scored.
inline std::vector<std::vector<std::size_t>> orders_of(std::vector<searched_candidates> sets,
                                                       const candidate_scorer& score) {
    std::vector<searched_candidates> many;
    for (const searched_candidates& set : sets)
        if (set.all.texts.size() > 1) many.push_back(set);
    const std::vector<candidate_scores> scores = many.empty() ? std::vector<candidate_scores>() : score(many);
    std::vector<std::vector<std::size_t>> orders;
    auto next = scores.begin();
    for (const searched_candidates& set : sets) {
        std::vector<std::optional<double>> of(set.all.texts.size());
        if (of.size() > 1 && !(next++)->of.empty()) of = std::prev(next)->of;
        orders.push_back(best_first(of));
    }
    return orders;
}

} // namespace detail

/// Searches `count` responses to each prompt, each by sequences of its own. Where the scorer says nothing of
/// candidates, they are taken as they stand.
inline drawn_block search_responses(const responder& with, std::span<const asked_prompt> prompts, std::size_t count,
                                    const search_options& options, const candidate_scorer& score) {
    const std::size_t ways = options.width * options.successors;
    drawn_block drawn{.of = std::vector<std::vector<drawn_response>>(prompts.size())};
    std::vector<token_span> ids;
    for (const asked_prompt& prompt : prompts) {
        ids.insert(ids.end(), count * ways, with.texts.begun(prompt.text));
        if (!ids.empty()) drawn.tokens += ids.back().size();
    }
    const auto search = [&](std::size_t begin, std::size_t size, decoder_calls<float>& decoder) {
        std::vector<generator> randoms;
        std::vector<std::size_t> limits;
        std::vector<response_text> texts;
        for (std::size_t i = begin; i < begin + size; ++i) {
            const asked_prompt& prompt = prompts[i / ways / count];
            randoms.push_back(with.random(prompt.stream, i / ways % count, i % ways));
            limits.push_back(with.limit(ids[i]));
            texts.emplace_back(with.texts, prompt.text, with.ends_of(prompt.text));
        }
        drawn_sequences<decoder_calls<float>> sequences(decoder, with.sampling, randoms, limits);
        detail::beam_searches searches(options, texts, sequences);
        for (std::size_t i = begin; i < begin + size; i += ways) searches.add(i / ways / count);
        do {
            sequences.grow(options.chunk, [&](std::size_t i, token_span response) {
                ++drawn.tokens;
                return texts[i].add(response.back());
            });
            searches.select(detail::orders_of(searches.candidates(), score));
        } while (!sequences.going().empty());
        for (const detail::beam_search& one : searches.all())
            drawn.of[one.prompt].push_back({one.found->text(), one.found->tokens(), one.found->ended()});
    };
    in_sampling_groups(with.model, ids, with.sampling.max_tokens, ways, search);
    return drawn;
}

} // namespace preflearn
