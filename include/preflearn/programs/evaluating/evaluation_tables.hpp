/// \file
/// The tables of an `evaluation`, for people.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/output/shown_estimate.hpp>
#include <preflearn/programs/evaluating/evaluation.hpp>
#include <preflearn/programs/evaluating/panel_tables.hpp>
#include <preflearn/report/tables/table.hpp>
#include <preflearn/report/tables/table_text.hpp>

namespace preflearn {

inline table quality_table(const evaluation& of) {
    table made{.title = "What the students wrote",
               .columns = {{.name = "student"},
                           {.name = "responses"},
                           {.name = "a prompt"},
                           {.name = of.length_unit, .digits = 1},
                           {.name = "median", .digits = 0},
                           {.name = "tokens", .digits = 1},
                           detail::share_column("empty"),
                           detail::share_column("cut off"),
                           detail::share_column("repetitive"),
                           detail::share_column("same text")}};
    for (std::size_t s = 0; s < of.quality.size(); ++s) {
        const student_quality& q = of.quality[s];
        const auto share = [](const estimate& e) { return e.defined() ? table_cell(e.value) : table_cell(); };
        made.rows.push_back({of.students.names[s], q.responses, q.fewest, estimate_cell(q.length), q.median_length,
                             share(q.tokens), share(q.empty), share(q.cut_off), share(q.repetitive), q.duplicate});
    }
    made.note = "a prompt: the fewest responses to one. cut off: at the limit of tokens. repetitive: more than half of "
                "the 4-grams of words stand in the response before. same text: as another response of the student. " +
                detail::interval_words(of) + ".";
    return made;
}

/// Mean rewards of an evaluator that scores; GRA and difference to SFT where there is one.
inline table reward_table(const evaluation& of, const evaluator_result& by) {
    const bool gra = of.roles.sft.has_value() && by.said.role == "gold";
    table made{.title = "Mean reward: " + detail::evaluator_title(by),
               .columns = {{.name = "student"}, {.name = "reward"}}};
    if (gra) {
        made.columns.push_back(detail::share_column("GRA"));
        made.columns.push_back({.name = "more than SFT"});
        made.columns.push_back({.name = "p"});
        made.columns.push_back({.name = "Holm's p"});
    }
    for (std::size_t s = 0; s < by.rewards.size(); ++s) {
        std::vector<table_cell>& row = made.rows.emplace_back();
        row = {of.students.names[s], estimate_cell(by.rewards[s])};
        if (!gra) continue;
        const student_win* const win = s == *of.roles.sft ? nullptr : by.against(s, *of.roles.sft);
        if (win == nullptr)
            row.insert(row.end(), 4, table_cell());
        else
            row.insert(row.end(), {estimate_cell(win->win_rate), estimate_cell(win->reward_difference),
                                   p_value_cell(win->sign_p), p_value_cell(win->adjusted_p)});
    }
    made.note = message(by.prompts, " of ", of.students.prompts.size(), " prompts. ");
    if (gra)
        made.note +=
            "GRA: share of prompts where the reward, of several responses their mean, is above SFT's, ties half. "
            "more than SFT: paired difference. p: sign test over prompts, and Holm's over all pairs of "
            "students. ";
    made.note += detail::interval_words(of) + ".";
    return made;
}

inline table win_table(const evaluation& of, const evaluator_result& by) {
    table made{.title = "Wins: " + detail::evaluator_title(by),
               .columns = {{.name = "student"},
                           {.name = "against"},
                           {.name = "won"},
                           {.name = "tied"},
                           {.name = "lost"},
                           detail::share_column("win rate"),
                           detail::share_column("at equal length"),
                           detail::share_column("probability"),
                           {.name = "p"},
                           {.name = "Holm's p"}}};
    for (const student_win& win : by.pairs)
        made.rows.push_back({of.students.names[win.ours], of.students.names[win.theirs], win.counts.wins,
                             win.counts.ties, win.counts.losses, estimate_cell(win.win_rate),
                             estimate_cell(win.controlled.win_rate), estimate_cell(win.probability),
                             p_value_cell(win.sign_p), p_value_cell(win.adjusted_p)});
    made.note = message(
        "Prompts, ",
        by.said.way.scores ? "won by the mean reward of the responses to each"
                           : "won by the verdict on the first response to each",
        "; a tie is half a win. at equal length: the win rate if both were equally long (Dubois et al. "
        "2024). probability: mean P(student wins) by the teacher's margins. p: exact sign test; Holm's p over all "
        "pairs of students.");
    return made;
}

/// Of an evaluator that compares.
inline table order_table(const evaluation& of, const evaluator_result& by) {
    table made{.title = "Both orders: " + detail::evaluator_title(by),
               .columns = {{.name = "student"},
                           {.name = "against"},
                           {.name = "asked"},
                           detail::share_column("same verdict"),
                           detail::share_column("opposite"),
                           detail::share_column("position bias"),
                           {.name = "p"}}};
    const auto add = [&](const std::string& ours, const std::string& theirs, const std::optional<swap_result>& orders) {
        if (orders)
            made.rows.push_back({ours, theirs, orders->counts.total(), estimate_cell(orders->consistency),
                                 estimate_cell(orders->flip_rate), estimate_cell(orders->position_bias),
                                 orders->p_value});
    };
    for (const student_win& win : by.pairs) add(of.students.names[win.ours], of.students.names[win.theirs], win.orders);
    if (by.pairs.size() > 1) add("all", "", by.orders);
    made.note =
        "asked: prompts with two different responses, each judged in both orders. position bias: P(the one shown "
        "first wins) - 1/2. p: exact, of no bias.";
    return made;
}

inline table gap_table(const evaluation& of, const evaluator_result& by) {
    table made{.title = "Gap recovered: " + detail::evaluator_title(by),
               .columns = {{.name = "student"},
                           {.name = "PGR"},
                           {.name = "PGR bounded"},
                           {.name = "of SFT's gap"},
                           {.name = "SFT's bounded"}}};
    const auto put = [](std::vector<table_cell>& row, const std::optional<gap_recovered_result>& gap) {
        row.push_back(gap ? estimate_cell(gap->bootstrap.value) : table_cell());
        row.emplace_back(gap ? table_cell(gap->fieller.bounded ? "yes" : "no") : table_cell());
    };
    for (const student_gap& gap : by.gaps) {
        std::vector<table_cell>& row = made.rows.emplace_back();
        row = {of.students.names[gap.student]};
        put(row, gap.recovered);
        put(row, gap.shifted);
    }
    made.note = told_roles(of.roles, of.students.names) +
                ". PGR: of the gap between weak teacher and ceiling, in reward. of SFT's gap: of that between SFT and "
                "ceiling. Intervals by bootstrap; bounded: whether the gap differs from 0, so that a ratio means "
                "something (Fieller).";
    return made;
}

inline table best_of_table(const evaluation& of, const evaluator_result& by) {
    table made{.title = "Best of k: reward by " + detail::evaluator_title(by),
               .columns = {{.name = "student"},
                           {.name = "chosen by"},
                           {.name = "k"},
                           {.name = "reward"},
                           {.name = "KL at most"},
                           detail::share_column("takes the best")}};
    for (const best_of_curve& curve : by.best_of)
        for (const best_of_point& point : curve.points)
            made.rows.push_back({of.students.names[curve.student], curve.selector, point.k, estimate_cell(point.reward),
                                 best_of_divergence(point.k),
                                 &point == &curve.points.back() ? estimate_cell(curve.picks_best) : table_cell()});
    made.note = "Without bias from all samples of a prompt. KL in nats from the student. takes the best: how often the "
                "choice among all is the one that the reward likes best.";
    return made;
}

inline table contrast_table(const evaluation& of, const evaluator_result& by) {
    table made{.title = "Who wins more often (McNemar): " + detail::evaluator_title(by),
               .columns = {{.name = "student"},
                           {.name = "other"},
                           {.name = "against"},
                           {.name = "only student wins"},
                           {.name = "only other wins"},
                           {.name = "p"},
                           {.name = "Holm's p"}}};
    for (const win_contrast& one : by.contrasts)
        made.rows.push_back({of.students.names[one.first], of.students.names[one.second],
                             of.students.names[one.against], one.only_first, one.only_second,
                             p_value_cell(one.test.p_value), p_value_cell(one.adjusted_p)});
    return made;
}

/// All tables that have rows.
inline std::vector<table> evaluation_tables(const evaluation& of) {
    std::vector<table> tables{quality_table(of)};
    const auto add = [&](table made) {
        if (!made.rows.empty()) tables.push_back(std::move(made));
    };
    for (const evaluator_result& by : of.evaluators) {
        add(reward_table(of, by));
        add(win_table(of, by));
        add(order_table(of, by));
        add(gap_table(of, by));
        add(best_of_table(of, by));
        add(contrast_table(of, by));
    }
    add(panel_table(of));
    add(worst_case_table(of));
    return tables;
}

/// The tables and what else is to be said, ready to print.
inline std::string to_text(const evaluation& of) {
    std::string text = message(of.students.names.size(), " students on ", of.students.prompts.size(), " prompts");
    if (of.students.cluster_count < of.students.prompts.size())
        text += message(" in ", of.students.cluster_count, " groups");
    text += "\n" + told_roles(of.roles, of.students.names) + "\n";
    if (std::ranges::none_of(of.evaluators,
                             [](const auto& by) { return by.said.way.scores && by.said.role == "gold"; }))
        text += "no gold rewards and no PGR, as no --gold teacher scores responses\n";
    for (const std::string& note : of.notes) text += "note: " + note + "\n";
    for (const evaluator_result& by : of.evaluators)
        for (const auto& [reason, some] : by.said.left_out)
            text += message("left out by ", by.said.name, ": ", some.first, " prompts (", reason,
                            "; first: ", some.second, ")\n");
    for (const table& one : evaluation_tables(of)) text += "\n" + to_text(one);
    return text;
}

} // namespace preflearn
