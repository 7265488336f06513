/// \file
/// A teacher's card as tables for people.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/output/shown_estimate.hpp>
#include <preflearn/pipeline/teacher_card/card_json.hpp>
#include <preflearn/pipeline/teacher_card/teacher_card.hpp>
#include <preflearn/report/tables/table.hpp>
#include <preflearn/report/tables/table_text.hpp>

namespace preflearn {

namespace detail {

inline std::string percent_of(double share) { return shown(share, 1, notation::percent); }

/// "62.5% [45.3%, 77.1%]" or why there is none.
inline std::string share_text(const estimate& e) {
    if (!e.defined()) return "– (" + std::string(name_of(e.status)) + ")";
    if (std::isnan(e.bounds.low)) return percent_of(e.value);
    return percent_of(e.value) + " [" + percent_of(e.bounds.low) + ", " + percent_of(e.bounds.high) + "]";
}
inline std::string number_text(const estimate& e, int digits = 3) {
    if (!e.defined()) return "– (" + std::string(name_of(e.status)) + ")";
    const auto number = [&](double x) { return shown(x, digits); };
    if (std::isnan(e.bounds.low)) return number(e.value);
    return number(e.value) + " [" + number(e.bounds.low) + ", " + number(e.bounds.high) + "]";
}

inline table two_columns(std::string title, const char* what, const char* value) {
    return {.title = std::move(title), .columns = {{.name = what}, {.name = value, .align = alignment::right}}};
}

} // namespace detail

inline table share_table(const teacher_card& card) {
    using detail::number_text, detail::share_text;
    const card_shares& s = card.shares;
    table t = detail::two_columns(card.name + " against " + card.truth, "of the pairs that both judge", "value");
    const auto add = [&](const char* name, std::string value) { t.rows.push_back({name, std::move(value)}); };
    add("accuracy", share_text(s.accuracy));
    add("accuracy of the longer response", share_text(s.length_only));
    if (s.position_only.defined()) add("accuracy of the response that stands first", share_text(s.position_only));
    add("accuracy above that of the longer response", share_text(s.above_length));
    add("Cohen's kappa", number_text(s.kappa));
    add("Krippendorff's alpha", number_text(s.alpha));
    add("the longer response wins", share_text(s.longer_said));
    add("the longer response wins by the truth", share_text(s.longer_gold));
    add("correlation of margin and length difference", number_text(s.evidence_length_pearson));
    add("rank correlation of these", number_text(s.evidence_length_spearman));
    if (s.gold_length_pearson.defined())
        add("the same correlation of the truth's margin", number_text(s.gold_length_pearson));
    if (s.position_bias.defined())
        add("preference for the response shown first, above 1/2", number_text(s.position_bias));
    t.note = message(s.pairs, " pairs, ", s.judged, " judged by both, ties ", s.ties, " and by the truth ", s.gold_ties,
                     "; a tie on one side is half right. [low, high]: ", 100 * card.confidence,
                     "% interval; of shares over ", s.accuracy.count, " prompts.");
    return t;
}

inline table calibration_table(const teacher_card& card) {
    const card_calibration& c = card.calibration;
    table t{.title = "Calibration: the probability that the decision is right",
            .columns = {{.name = "probabilities"},
                        {.name = "Brier score", .digits = 4},
                        {.name = "nats", .digits = 4},
                        {.name = "ECE", .digits = 4},
                        {.name = "MCE", .digits = 4}}};
    const auto add = [&](std::string name, const forecast_quality& q) {
        if (!q.brier.defined()) return;
        t.rows.push_back(
            {std::move(name), q.brier.value, q.log_loss.value, q.calibration_error.value, q.largest_error.value});
    };
    add(message("as given: ", name_of(c.from)), c.as_given);
    if (c.temperature.status == estimate_status::ok)
        add("at temperature " + shown(c.temperature.temperature, 3), c.by_temperature);
    add("isotonic", c.by_isotonic);
    t.note = message("ECE, MCE: mean and largest gap in ", bins_of_confidence,
                     " bins of equal width of [0, 1]. Temperature and isotonic function are fitted on these pairs");
    if (c.temperature.status != estimate_status::ok)
        t.note += message("; there is no best temperature (", name_of(c.temperature.status), ")");
    t.note += ".";
    return t;
}

inline table coverage_table(const teacher_card& card) {
    table t{.title = "Risk against coverage: the surest labels first",
            .columns = {{.name = "kept", .digits = 0, .shown = notation::percent},
                        {.name = "accuracy", .digits = 1, .shown = notation::percent},
                        {.name = "risk", .digits = 1, .shown = notation::percent}}};
    for (const std::size_t percent : shown_coverages) {
        const double share = static_cast<double>(percent) / 100;
        const estimate e = selective_accuracy(card.calibration.coverage, share, card.confidence);
        if (e.defined()) t.rows.push_back({share, estimate_cell(e), 1 - e.value});
    }
    if (card.calibration.risk_area.defined())
        t.note = "Area under the curve: " + shown(card.calibration.risk_area.value, 4) + ".";
    return t;
}

/// \param value what the groups are made by; empty: they have names
inline table group_table(const std::vector<card_group>& groups, std::string title, const std::string& value) {
    table t{.title = std::move(title)};
    if (value.empty())
        t.columns = {{.name = "category"}};
    else
        t.columns = {{.name = value + " from"}, {.name = "to"}};
    for (table_column column :
         {table_column{.name = "pairs"}, table_column{.name = "accuracy", .digits = 1, .shown = notation::percent},
          table_column{.name = "p of 1/2"}, table_column{.name = "Holm's p"}})
        t.columns.push_back(std::move(column));
    for (const card_group& g : groups) {
        std::vector<table_cell> row;
        if (value.empty())
            row = {g.name};
        else
            row = {g.low, g.high};
        row.insert(row.end(), {g.pairs, estimate_cell(g.accuracy)});
        for (const double p : {g.p, g.adjusted_p}) row.push_back(p_value_cell(p));
        t.rows.push_back(std::move(row));
    }
    return t;
}

inline table consistency_table(const card_consistency& c) {
    using detail::number_text, detail::share_text;
    table t = detail::two_columns("Consistency over seeds and repeats", "of its repeats", "value");
    const auto add = [&](const char* name, std::string value) { t.rows.push_back({name, std::move(value)}); };
    add("two repeats agree", share_text(c.repeats.self_agreement));
    add("not all the same", share_text(c.repeats.ever_flipped));
    add("share of the commonest answer", share_text(c.repeats.majority_share));
    add("entropy of the answers, bits", number_text(c.entropy));
    add("Fleiss' kappa", number_text(c.fleiss));
    add("Krippendorff's alpha", number_text(c.alpha));
    for (std::size_t r = 0; r < c.accuracy.size(); ++r)
        t.rows.push_back({"accuracy of " + c.names[r], share_text(c.accuracy[r])});
    if (!c.accuracy.empty()) {
        add("mean accuracy, over repeats", share_text(c.mean_accuracy));
        add("standard deviation of accuracies", shown(c.accuracy_deviation, 1, notation::percent));
    }
    std::string names;
    for (const std::string& name : c.names) names += (names.empty() ? "" : ", ") + name;
    t.note = message(c.pairs, " pairs with two answers or more of ", names, ".");
    return t;
}

inline table flip_table(const card_consistency& c) {
    table t{.title = "Repeats that are not all the same, by the size of the mean margin",
            .columns = {{.name = "margin from"},
                        {.name = "to"},
                        {.name = "pairs"},
                        {.name = "flipped", .digits = 1, .shown = notation::percent}}};
    for (const card_group& g : c.unanimous_by_margin)
        t.rows.push_back({g.low, g.high, g.pairs,
                          with_interval{1 - g.accuracy.value, 1 - g.accuracy.bounds.high, 1 - g.accuracy.bounds.low}});
    return t;
}

inline table cost_table(const teacher_cost& cost) {
    const auto parameters = static_cast<double>(cost.parameters);
    table t{.title = "Cost",
            .columns = {{.name = "of"},
                        {.name = "learning", .align = alignment::right},
                        {.name = "judging these pairs", .align = alignment::right}}};
    const auto large = [](double x) { return x < 1e6 ? shown(x, 0) : shown(x, 2, notation::scientific); };
    t.rows.push_back({"tokens", large(cost.training_tokens), large(cost.judging_tokens)});
    t.rows.push_back(
        {"parameters x tokens", large(3 * parameters * cost.training_tokens), large(parameters * cost.judging_tokens)});
    t.rows.push_back({"human labels", message(cost.human_labels), "0"});
    t.note = message("Parameters: ", cost.parameters,
                     "; a token learned from counts three times, for the pass back. The seconds that it took to make "
                     "are in manifest.json.");
    if (cost.seconds > 0) t.note = message(t.note, " Seconds: ", shown(cost.seconds, 1), ".");
    return t;
}

/// All of them, those without rows left out.
inline std::vector<table> card_tables(const teacher_card& card) {
    std::vector<table> all{share_table(card), calibration_table(card), coverage_table(card)};
    if (!card.by_category.empty())
        all.push_back(group_table(card.by_category, "By category (" + card.category_field + ")", ""));
    all.push_back(group_table(card.by_margin, "By the size of its margin", "margin"));
    all.push_back(group_table(card.by_gold_margin, "By the size of the truth's margin", "margin"));
    all.push_back(group_table(card.by_length, "By how much longer the right response is (" + card.length_unit + ")",
                              "difference"));
    if (card.consistency) {
        all.push_back(consistency_table(*card.consistency));
        all.push_back(flip_table(*card.consistency));
    }
    if (card.overlap) {
        const prompt_overlap& o = *card.overlap;
        table t{.title = "Overlap with what it learned from",
                .columns = {{.name = "of the card's"}, {.name = "all"}, {.name = "learned from"}}};
        t.rows.push_back({"prompts", o.prompts, o.shared_prompts});
        t.rows.push_back({"pairs (by their prompt)", o.pairs, o.pairs_of_shared});
        all.push_back(std::move(t));
    }
    if (card.cost) all.push_back(cost_table(*card.cost));
    std::erase_if(all, [](const table& t) { return t.rows.empty(); });
    return all;
}

} // namespace preflearn
