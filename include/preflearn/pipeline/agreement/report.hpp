/// \file
/// A study of raters' agreement for people (tables) and for programs (JSON, CSV).
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/agreement/raters/every_coefficient.hpp>
#include <preflearn/agreement/raters/marginal_tests.hpp>
#include <preflearn/agreement/raters/rater_pairs.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/agreement/study.hpp>
#include <preflearn/report/tables/json_number.hpp>
#include <preflearn/report/tables/table.hpp>
#include <preflearn/report/tables/table_data.hpp>
#include <preflearn/report/tables/table_text.hpp>
#include <preflearn/report/tables/unicode_text.hpp>

namespace preflearn {

constexpr std::string_view name_of(measurement_level level) {
    constexpr std::string_view names[] = {"nominal", "ordinal", "interval", "ratio"};
    return names[static_cast<std::size_t>(level)];
}

namespace detail {

/// A number, or a gap where there is none.
inline table_cell number_cell(double x) { return std::isnan(x) ? table_cell() : table_cell(x); }

/// "4 (NA 2, empty 2)".
inline std::string words_for(const missing_counts& missing) {
    std::string words;
    for (const auto& [word, count] : missing.words)
        words += message(words.empty() ? "" : ", ", word.empty() ? "empty" : word, " ", count);
    return words.empty() ? "0" : message(missing.total(), " (", words, ")");
}

/// "categories: no (5), yes (6)", or where they are many what they span.
inline std::string words_for(const rating_categories& categories) {
    const std::vector<std::string>& names = categories.names;
    constexpr std::size_t most = 30;
    if (names.empty()) return "categories: none";
    std::string words;
    if (names.size() <= most) {
        for (std::size_t k = 0; k < names.size(); ++k)
            words += message(words.empty() ? "" : ", ", printable(names[k]), " (", categories.counts[k], ")");
    } else {
        words = message(names.size(), categories.numeric ? " numbers from " : " texts from ", printable(names.front()),
                        " to ", printable(names.back()));
    }
    return (categories.numeric ? "categories, which are numbers: " : "categories: ") + words;
}

/// Of a pair of raters, who have their own count of units.
inline nlohmann::ordered_json short_json_of(const estimate& e) {
    using namespace std::string_literals;
    return {{"value"s, json_number(e.value)},    {"se"s, json_number(e.standard_error)},
            {"low"s, json_number(e.bounds.low)}, {"high"s, json_number(e.bounds.high)},
            {"status"s, name_of(e.status)},      {"degenerate"s, e.degenerate()}};
}

inline nlohmann::ordered_json json_of(const estimate& e) {
    using namespace std::string_literals;
    return {{"value"s, json_number(e.value)},
            {"se"s, json_number(e.standard_error)},
            {"low"s, json_number(e.bounds.low)},
            {"high"s, json_number(e.bounds.high)},
            {"status"s, name_of(e.status)},
            {"degenerate"s, e.degenerate()},
            {"units"s, e.count}};
}

inline nlohmann::ordered_json json_of(const test_result& test) {
    using namespace std::string_literals;
    return {{"statistic"s, json_number(test.statistic)},
            {"degrees"s, json_number(test.degrees)},
            {"p"s, json_number(test.p_value)},
            {"status"s, name_of(test.status)}};
}

/// What is not applicable is left out.
inline nlohmann::ordered_json json_of(const rater_pair_agreement& pair, const std::vector<std::string>& raters) {
    using namespace std::string_literals;
    nlohmann::ordered_json json{
        {"rater"s, raters[pair.first]}, {"other"s, raters[pair.second]}, {"units"s, pair.units}};
    const auto add = [&](const char* name, const estimate& e) {
        if (e.status != estimate_status::not_applicable) json[name] = short_json_of(e);
    };
    const auto add_test = [&](const char* name, const test_result& test) {
        if (test.status != estimate_status::not_applicable) json[name] = json_of(test);
    };
    add("raw_agreement", pair.agreement);
    add("cohen_kappa", pair.kappa);
    add("weighted_cohen_kappa", pair.weighted_kappa);
    add_test("mcnemar", pair.mcnemar);
    add_test("stuart_maxwell", pair.stuart_maxwell);
    add_test("bhapkar", pair.bhapkar);
    add("kendall_tau_b", pair.kendall);
    add("spearman_rho", pair.spearman);
    add("pearson_r", pair.pearson);
    return json;
}

} // namespace detail

/// Every coefficient, a row each.
inline table coefficient_table(const agreement_study& study) {
    table shown{.title = message("units: ", study.units.size(), ", raters: ", study.raters.size(),
                                 ", ratings: ", study.ratings, ", missing: ", detail::words_for(study.missing),
                                 ", level: ", name_of(study.level)),
                .columns = {{.name = "coefficient"},
                            {.name = "value", .digits = 4},
                            {.name = "s.e.", .digits = 4},
                            {.name = "low", .digits = 4},
                            {.name = "high", .digits = 4},
                            {.name = "units", .digits = 0},
                            {.name = "status"}},
                .note = message("low and high: ", 100 * study.confidence, "% interval")};
    bool degenerate = false;
    for (const auto& [name, e] : study.coefficients) {
        degenerate = degenerate || e.degenerate();
        shown.rows.push_back({name, detail::number_cell(e.value), detail::number_cell(e.standard_error),
                              detail::number_cell(e.bounds.low), detail::number_cell(e.bounds.high), e.count,
                              std::string(name_of(e.status)) + (e.degenerate() ? ", degenerate interval" : "")});
    }
    if (degenerate)
        shown.note += ". A degenerate interval is a point because units do not vary in what is measured (agreement of "
                      "exactly 1, say): nothing tells how much other units would differ, it is not certainty.";
    return shown;
}

/// Every rater against every other; columns behind kappa in which no pair has a value are left out.
inline table pair_table(const agreement_study& study) {
    const auto kappa = [](const estimate& e) {
        if (!e.defined() || std::isnan(e.bounds.low)) return detail::number_cell(e.value);
        return table_cell(with_interval{e.value, e.bounds.low, e.bounds.high});
    };
    const auto p_value = [](const test_result& test) { return detail::number_cell(test.p_value); };
    const auto value = [](const estimate& e) { return detail::number_cell(e.value); };
    table shown{.title = "Every rater against every other"};
    for (const char* name : {"rater", "other", "units", "agreement", "kappa", "weighted kappa", "McNemar p",
                             "Stuart-Maxwell p", "Bhapkar p", "Kendall tau-b", "Spearman rho", "Pearson r"})
        shown.columns.push_back({.name = name, .digits = 4});
    for (const rater_pair_agreement& pair : study.pairs)
        shown.rows.push_back({study.raters[pair.first], study.raters[pair.second], pair.units, value(pair.agreement),
                              kappa(pair.kappa), kappa(pair.weighted_kappa), p_value(pair.mcnemar),
                              p_value(pair.stuart_maxwell), p_value(pair.bhapkar), value(pair.kendall),
                              value(pair.spearman), value(pair.pearson)});
    constexpr std::size_t always = 5;
    for (std::size_t c = shown.columns.size(); c-- > always;) {
        const auto gap = [&](const auto& row) { return std::holds_alternative<no_value>(row[c].content); };
        if (!std::ranges::all_of(shown.rows, gap)) continue;
        shown.columns.erase(shown.columns.begin() + static_cast<std::ptrdiff_t>(c));
        for (auto& row : shown.rows) row.erase(row.begin() + static_cast<std::ptrdiff_t>(c));
    }
    shown.note = message("units: those that both rated; [low, high]: ", 100 * study.confidence,
                         "% interval; p: of the hypothesis that both use the categories equally often.");
    const auto degenerate = [](const rater_pair_agreement& p) {
        return p.kappa.degenerate() || p.weighted_kappa.degenerate();
    };
    if (std::ranges::any_of(study.pairs, degenerate))
        shown.note += " An interval of a single point is degenerate: nothing tells how much other units would differ, "
                      "it is not certainty.";
    return shown;
}

/// Dawid & Skene's share of each category and accuracy of each rater, at most `most` of them.
inline std::vector<table> truth_tables(const agreement_study& study, std::size_t most = 50) {
    const estimated_truth& truth = study.truth;
    table prior{.title = message("Truth behind the ratings (Dawid & Skene): ", name_of(truth.fit.status), " after ",
                                 truth.fit.iterations, " steps"),
                .columns = {{.name = "category"}, {.name = "share", .digits = 4}}};
    table raters{.columns = {{.name = "rater"}, {.name = "ratings"}, {.name = "accuracy", .digits = 4}},
                 .note = "accuracy: the chance that the rater says the truth; the model holds raters to be independent "
                         "given the truth."};
    for (std::size_t k = 0; k < truth.fit.prior.size(); ++k)
        prior.rows.push_back({study.categories.names[k], truth.fit.prior[k]});
    for (std::size_t r = 0; r < std::min(most, truth.accuracies.size()); ++r)
        raters.rows.push_back({study.raters[r], study.ratings_of_rater[r], truth.accuracies[r]});
    if (truth.accuracies.size() > most)
        raters.note += message(" ", truth.accuracies.size() - most, " more raters are not shown; JSON has them.");
    return {prior, raters};
}

/// The likeliest category of each unit and the probability of each. \throws argument_error unless the truth was
/// estimated.
inline table label_table(const agreement_study& study) {
    const std::size_t q = study.categories.names.size();
    require(study.truth.posteriors.size() == study.units.size() * q && q > 0,
            "there is no truth estimated: ", name_of(study.truth.fit.status));
    table shown{.columns = {{.name = "unit"}, {.name = "label"}, {.name = "probability"}}};
    for (const std::string& name : study.categories.names) shown.columns.push_back({.name = "P(" + name + ")"});
    for (std::size_t u = 0; u < study.units.size(); ++u) {
        const auto posterior = std::span(study.truth.posteriors).subspan(u * q, q);
        const auto best = static_cast<std::size_t>(std::ranges::max_element(posterior) - posterior.begin());
        std::vector<table_cell> row{study.units[u], study.categories.names[best], posterior[best]};
        row.insert(row.end(), posterior.begin(), posterior.end());
        shown.rows.push_back(std::move(row));
    }
    return shown;
}

/// The study as a terminal shows it: pairs of up to `most_raters` raters.
inline std::string to_text(const agreement_study& study, std::size_t most_raters = 12) {
    std::string text = to_text(coefficient_table(study)) + detail::words_for(study.categories) + "\n";
    if (!study.categories.remark.empty()) text += printable(study.categories.remark) + "\n";
    if (!study.pairs.empty() && study.raters.size() <= most_raters)
        text += "\n" + to_text(pair_table(study));
    else if (study.raters.size() > most_raters)
        text += message(study.raters.size(), " raters: their pairs are not shown, --pairs shows them\n");
    if (study.truth_wanted)
        for (const table& part : truth_tables(study)) text += "\n" + to_text(part);
    return text;
}

inline std::string to_markdown(const agreement_study& study) { return to_markdown(coefficient_table(study)); }
inline std::string to_csv(const agreement_study& study) { return to_csv(coefficient_table(study)); }

/// Coefficients by name, and beside them `level`, `confidence`, `units`, `raters`, `ratings`, `missing`, `categories`
/// (up to 1,000), `pairs` and `dawid_skene`.
inline nlohmann::ordered_json to_json(const agreement_study& study) {
    using namespace std::string_literals;
    using json = nlohmann::ordered_json;
    json all{{"level"s, name_of(study.level)},
             {"confidence"s, study.confidence},
             {"units"s, study.units.size()},
             {"ratings"s, study.ratings},
             {"missing"s, {{"total"s, study.missing.total()}, {"words"s, json::object()}}},
             {"raters"s, json::array()},
             {"numeric"s, study.categories.numeric},
             {"category_count"s, study.categories.names.size()}};
    for (const auto& [word, count] : study.missing.words) all["missing"]["words"][word] = count;
    for (std::size_t r = 0; r < study.raters.size(); ++r)
        all["raters"].push_back({{"name"s, study.raters[r]}, {"ratings"s, study.ratings_of_rater[r]}});
    constexpr std::size_t most = 1000;
    if (study.categories.names.size() <= most) {
        all["categories"] = json::array();
        for (std::size_t k = 0; k < study.categories.names.size(); ++k)
            all["categories"].push_back(
                {{"name"s, study.categories.names[k]}, {"ratings"s, study.categories.counts[k]}});
    }
    if (!study.categories.remark.empty()) all["remark"] = study.categories.remark;
    for (const auto& [name, e] : study.coefficients) all[name] = detail::json_of(e);
    if (!study.pairs.empty()) all["pairs"] = json::array();
    for (const rater_pair_agreement& pair : study.pairs) all["pairs"].push_back(detail::json_of(pair, study.raters));
    if (!study.truth_wanted) return all;
    const estimated_truth& truth = study.truth;
    json& fit = all["dawid_skene"] = {{"status"s, name_of(truth.fit.status)},
                                      {"iterations"s, truth.fit.iterations},
                                      {"log_likelihood"s, json_number(truth.fit.log_likelihood)},
                                      {"prior"s, json::object()},
                                      {"raters"s, json::array()}};
    const std::size_t q = truth.fit.prior.size();
    for (std::size_t k = 0; k < q; ++k) fit["prior"][study.categories.names[k]] = truth.fit.prior[k];
    for (std::size_t r = 0; r < truth.accuracies.size(); ++r) {
        json confusion = json::array();
        for (std::size_t k = 0; k < q; ++k) {
            const auto row = std::span(truth.fit.confusion).subspan((r * q + k) * q, q);
            confusion.push_back(std::vector<double>(row.begin(), row.end()));
        }
        fit["raters"].push_back(
            {{"name"s, study.raters[r]}, {"accuracy"s, truth.accuracies[r]}, {"confusion"s, std::move(confusion)}});
    }
    return all;
}

} // namespace preflearn
