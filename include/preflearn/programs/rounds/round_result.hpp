/// \file
/// What a student is worth after a round, when to stop, and all rounds as a table and as JSON.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/report/tables/table.hpp>

namespace preflearn {

/// Round 0 is the student as it came.
struct round_result {
    std::size_t round = 0;
    /// Labels of the round, and replayed pairs among what it learned from.
    std::size_t labels = 0, replayed = 0;
    /// Of the implicit reward on the held-out pairs.
    std::optional<double> accuracy{};
    /// Mean gold reward of its answers.
    std::optional<double> gold{};
    /// Mean tokens of its answers, and the share that ended by themselves.
    double tokens = 0, ended = 0;

    /// What the rounds are compared by.
    [[nodiscard]] std::optional<double> worth() const { return gold ? gold : accuracy; }
};

inline nlohmann::ordered_json to_json(const round_result& round) {
    nlohmann::ordered_json json{{"round", round.round}, {"labels", round.labels}, {"replayed", round.replayed}};
    if (round.accuracy) json["held_out_accuracy"] = *round.accuracy;
    if (round.gold) json["gold_reward"] = *round.gold;
    json["mean_tokens"] = round.tokens;
    json["ended_share"] = round.ended;
    return json;
}

/// The same read back. \throws nlohmann::json::exception for anything else
inline round_result round_of(std::string_view line) {
    const nlohmann::json json = nlohmann::json::parse(line);
    round_result round{.round = json.at("round").get<std::size_t>(),
                       .labels = json.at("labels").get<std::size_t>(),
                       .replayed = json.at("replayed").get<std::size_t>(),
                       .tokens = json.at("mean_tokens").get<double>(),
                       .ended = json.at("ended_share").get<double>()};
    if (json.contains("held_out_accuracy")) round.accuracy = json.at("held_out_accuracy").get<double>();
    if (json.contains("gold_reward")) round.gold = json.at("gold_reward").get<double>();
    return round;
}

/// When rounds end before their number is reached.
struct stop_rule {
    std::size_t patience = 1; ///< rounds without a better one; 0: none
    double longest = 2;       ///< times the first length; 0: none
};

namespace detail {

inline bool grew_too_long(const round_result& round, const round_result& first, const stop_rule& rule) {
    return rule.longest > 0 && round.tokens > rule.longest * first.tokens;
}

} // namespace detail

/// The round whose student is best: the first of the highest worth among those whose answers did not grow too long; the
/// last of them where nothing was measured. \param rounds with round 0 in front
inline std::size_t best_round(std::span<const round_result> rounds, const stop_rule& rule) {
    std::size_t best = 0;
    for (std::size_t r = 1; r < rounds.size(); ++r) {
        if (detail::grew_too_long(rounds[r], rounds[0], rule)) continue;
        const auto worth = rounds[r].worth(), most = rounds[best].worth();
        if (!worth || !most || *worth > *most) best = r;
    }
    return best;
}

/// Why no further round is worth its time; empty: it is. \param rounds with round 0 in front
inline std::string why_stop(std::span<const round_result> rounds, const stop_rule& rule) {
    if (rounds.size() < 2) return {};
    const round_result& last = rounds.back();
    if (detail::grew_too_long(last, rounds[0], rule))
        return message("answers have ", last.tokens, " tokens, more than ", rule.longest, " times the ",
                       rounds[0].tokens, " of the first student");
    const std::size_t best = best_round(rounds, rule);
    if (rule.patience == 0 || !last.worth() || rounds.size() - 1 - best < rule.patience) return {};
    return message(last.gold ? "the gold reward" : "the held-out accuracy", " has not risen since round ", best);
}

inline table rounds_table(std::span<const round_result> rounds) {
    table made{.title = "Rounds",
               .columns = {{.name = "round"},
                           {.name = "labels"},
                           {.name = "replayed"},
                           {.name = "held-out accuracy", .digits = 1, .shown = notation::percent},
                           {.name = "gold reward", .digits = 4},
                           {.name = "mean tokens", .digits = 1},
                           {.name = "ended", .digits = 1, .shown = notation::percent}}};
    const auto cell = [](const std::optional<double>& value) {
        return value ? table_cell(*value) : table_cell(no_value{});
    };
    for (const round_result& round : rounds)
        made.rows.push_back({round.round, round.labels, round.replayed, cell(round.accuracy), cell(round.gold),
                             round.tokens, round.ended});
    return made;
}

} // namespace preflearn
