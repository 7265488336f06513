/// \file
/// What an `evaluation` rests on, as tables for other programs: the games that its evaluators saw, as `rank` reads
/// them, and every response with its length and its rewards.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/tables/game_winner.hpp>
#include <preflearn/programs/evaluating/evaluation.hpp>
#include <preflearn/report/tables/table.hpp>

namespace preflearn {

namespace detail {

inline table_cell known_number(double value) { return std::isnan(value) ? table_cell() : table_cell(value); }

/// "left", "right" or "tie", and what `left_wins` says of NaN never comes here.
inline const char* winner_word(double left_wins) {
    return left_wins > 0.5 ? "left" : left_wins < 0.5 ? "right" : "tie";
}

class game_list_maker {
  public:
    game_list_maker(const evaluation& of, std::uint64_t seed) : of_(of), seed_(seed) {}

    void add(const evaluator_result& by, std::size_t k, std::size_t prompt) {
        const auto [ours, theirs] = of_.pairs[k];
        const double win = by.wins[k][prompt].win;
        if (!by.said.way.scores && by.said.verdicts[prompt][k] && by.said.verdicts[prompt][k]->asked) {
            const both_orders& said = *by.said.verdicts[prompt][k];
            const std::array<preference, 2> order = said.by_order();
            game(by, prompt, ours, theirs, order[0]);
            game(by, prompt, theirs, ours, order[1]);
        } else if (!std::isnan(win)) {
            const bool turned = generator(seed_, "sides of a game", of_.students.prompts[prompt].id + k).bernoulli(0.5);
            row(by, prompt, turned ? theirs : ours, turned ? ours : theirs, winner_word(turned ? 1 - win : win));
        }
    }
    table made{.columns = {{.name = "left"},
                           {.name = "right"},
                           {.name = "winner"},
                           {.name = "prompt"},
                           {.name = "judge"},
                           {.name = "length_difference"}}};

  private:
    void game(const evaluator_result& by, std::size_t prompt, std::size_t left, std::size_t right,
              const preference& said) {
        if (!said.abstained()) row(by, prompt, left, right, winner_word(said.half_win()));
    }
    void row(const evaluator_result& by, std::size_t prompt, std::size_t left, std::size_t right, const char* winner) {
        const auto mean = [&](std::size_t student) { // of one that compares, that of the only one that it saw
            double sum = 0;
            const auto& all = of_.qualities[prompt][student];
            const auto own = std::span(all).first(by.said.way.scores ? all.size() : 1);
            for (const response_quality& one : own) sum += one.length;
            return sum / static_cast<double>(own.size());
        };
        made.rows.push_back({of_.students.names[left], of_.students.names[right], winner,
                             of_.students.prompts[prompt].name, by.said.name, mean(left) - mean(right)});
    }
    const evaluation& of_;
    std::uint64_t seed_;
};

} // namespace detail

/// One game a prompt and pair of students, its sides drawn from (seed, id); of an evaluator that compares two, one an
/// order, with whom it was shown first on the left. `rank` finds the columns left, right and winner, and takes
/// `--judge judge --cluster prompt --covariate length_difference --order`.
/// \throws argument_error for a student whose name is a word for a winner.
inline table game_rows(const evaluation& of, std::uint64_t seed) {
    for (const std::string& name : of.students.names)
        require(!winner_named(name), "a student is called ", excerpt{name},
                ", which in a file of games is a word for a winner; NAME=FILE gives it another name");
    detail::game_list_maker games(of, seed);
    for (const evaluator_result& by : of.evaluators)
        for (std::size_t k = 0; k < of.pairs.size(); ++k)
            for (std::size_t p = 0; p < of.students.prompts.size(); ++p) games.add(by, k, p);
    return std::move(games.made);
}

/// One row a response: prompt, group, student, its number from 1, what can be seen of it, and the reward by every
/// evaluator that scores.
inline table response_rows(const evaluation& of) {
    table made{.columns = {{.name = "prompt"},
                           {.name = "group"},
                           {.name = "student"},
                           {.name = "response"},
                           {.name = of.length_unit},
                           {.name = "tokens"},
                           {.name = "finish"},
                           {.name = "empty"},
                           {.name = "repeated"}}};
    for (const evaluator_result& by : of.evaluators)
        if (by.said.way.scores) made.columns.push_back({.name = "reward by " + by.said.name});
    for (std::size_t p = 0; p < of.students.prompts.size(); ++p) {
        const evaluated_prompt& prompt = of.students.prompts[p];
        for (std::size_t s = 0; s < of.students.names.size(); ++s) {
            for (std::size_t r = 0; r < of.qualities[p][s].size(); ++r) {
                const response_quality& one = of.qualities[p][s][r];
                std::vector<table_cell>& row = made.rows.emplace_back();
                row = {prompt.name, of.students.clusters[p],          of.students.names[s],   r + 1,
                       one.length,  detail::known_number(one.tokens), prompt.of[s].finish[r], one.empty ? 1 : 0,
                       one.repeated};
                for (const evaluator_result& by : of.evaluators)
                    if (by.said.way.scores)
                        row.push_back(by.said.rewards[p].empty() ? table_cell() : by.said.rewards[p][s][r]);
            }
        }
    }
    return made;
}

} // namespace preflearn
