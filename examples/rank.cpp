// Who is best, how sure is that, and does a rating exist at all? Ranks the items of a CSV file of games.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <preflearn/data/csv.hpp>
#include <preflearn/data/game_table.hpp>
#include <preflearn/data/number.hpp>
#include <preflearn/ranking.hpp>
#include <preflearn/report/table.hpp>
#include <preflearn/report/table_text.hpp>
#include <preflearn/report/write.hpp>

namespace {

constexpr int undefined_fit = 3;
constexpr const char* priors = "none, gaussian:VARIANCE, pseudo-games[:WINS[,LOSSES]] or jeffreys";

struct arguments {
    std::string file, ties = "half", prior = "none", cluster, judge, judge_model = "reliability", json;
    std::vector<std::string> covariates;
    bool order = false;
    double confidence = 0.95;
    std::uint64_t seed = 0;
};

/// An option's text that must not be empty, as that of an unset shell variable is.
std::string some_name(const std::string& text) { return text.empty() ? "a name was expected, found nothing" : ""; }

std::string no_minus(const std::string& number) {
    return number.starts_with('-') ? "a number of at least 0 was expected, found " + number : "";
}

/// The numbers behind the name in "gaussian:1" and "pseudo-games:0.5,0.5". \throws CLI::ValidationError
std::vector<double> numbers_behind(std::string_view text, std::size_t fewest, std::size_t most) {
    std::vector<double> numbers;
    std::size_t at = text.find(':');
    while (at != std::string_view::npos) {
        text.remove_prefix(at + 1);
        at = text.find(',');
        const std::string_view part = text.substr(0, at);
        const double value = preflearn::finite_number(part).value_or(0);
        if (!(value > 0)) throw CLI::ValidationError("--prior", "'" + std::string(part) + "' is not a number above 0");
        numbers.push_back(value);
    }
    if (numbers.size() < fewest || numbers.size() > most)
        throw CLI::ValidationError("--prior", std::string("expected ") + priors);
    return numbers;
}

preflearn::rating_options options_of(const arguments& given) {
    if (std::isnan(given.confidence)) throw CLI::ValidationError("--confidence", "is not a number");
    preflearn::rating_options options{.order = given.order, .confidence = given.confidence, .seed = given.seed};
    if (given.ties == "drop") options.ties = preflearn::drop_rule{};
    if (given.ties == "rao-kupper") options.ties = preflearn::rao_kupper_rule{};
    if (given.ties == "davidson") options.ties = preflearn::davidson_rule{};
    const std::string_view prior = given.prior, kind = prior.substr(0, prior.find(':'));
    if (kind == "gaussian") {
        options.prior = preflearn::gaussian_prior{.variance = numbers_behind(prior, 1, 1).front()};
    } else if (kind == "pseudo-games") {
        const std::vector<double> counts = numbers_behind(prior, 0, 2);
        preflearn::pseudo_games games;
        if (!counts.empty()) games = {.wins = counts.front(), .losses = counts.back()};
        options.prior = games;
    } else {
        if (kind != "none" && kind != "jeffreys")
            throw CLI::ValidationError("--prior", "there is no prior '" + std::string(kind) + "', expected " + priors);
        numbers_behind(prior, 0, 0);
        if (kind == "jeffreys") {
            if (given.order || given.ties == "rao-kupper" || given.ties == "davidson" || !given.covariates.empty())
                throw CLI::ValidationError("--prior",
                                           "jeffreys goes with --ties half or drop, without --order and --covariate");
            options.prior = preflearn::jeffreys_prior{};
        }
    }
    if (!given.judge.empty()) {
        if (kind == "none" || kind == "jeffreys")
            throw CLI::ValidationError("--judge", "judges who may be wrong need a prior on the scores: --prior "
                                                  "gaussian:VARIANCE or pseudo-games");
        if (given.judge_model == "reliability")
            options.judges = preflearn::judge_reliability{};
        else
            options.judges = preflearn::judge_discrimination{};
    }
    std::set<std::string> keys{"order", "nu", "threshold", "judges"}; // under "parameters"
    for (const std::string& name : given.covariates)
        if (!keys.insert(name).second || !keys.insert(name + "_se").second)
            throw CLI::ValidationError("--covariate", "'" + name + "' is the name of another parameter");
    return options;
}

std::vector<std::size_t> games_per_name(const preflearn::name_column& column) {
    std::vector<std::size_t> games(column.names.size());
    for (const std::uint32_t code : column.codes) ++games[code];
    return games;
}

/// A number, or a gap where it is not known.
preflearn::table_cell cell(double x) { return std::isnan(x) ? preflearn::table_cell() : preflearn::table_cell(x); }

preflearn::table ranked_table(const preflearn::rating_report& report, const std::vector<std::string>& names,
                              const arguments& given) {
    preflearn::table shown{.columns = {{.name = "rank"},
                                       {.name = "item"},
                                       {.name = "score"},
                                       {.name = "s.e."},
                                       {.name = "low"},
                                       {.name = "high"},
                                       {.name = "ranks"},
                                       {.name = "tier"}}};
    std::size_t rank = 0;
    const preflearn::rank_result& ranks = report.ranks;
    for (const std::size_t i : ranks.order) {
        std::vector<preflearn::table_cell> row{++rank,
                                               names[i],
                                               report.fit.scores[i],
                                               cell(report.standard_errors[i]),
                                               cell(report.bounds[i].low),
                                               cell(report.bounds[i].high),
                                               std::to_string(ranks.best_rank[i]) + "-" +
                                                   std::to_string(ranks.worst_rank[i]),
                                               ranks.tier[i]};
        shown.rows.push_back(std::move(row));
    }
    shown.note = preflearn::message("Scores are natural logits with mean zero; low and high: ", 100 * given.confidence,
                                    "% interval; ranks and tiers hold for all items at once.");
    return shown;
}

preflearn::table parameter_table(const preflearn::rating_report& report) {
    preflearn::table shown{.columns = {{.name = "parameter"}, {.name = "value"}, {.name = "s.e."}}};
    for (const preflearn::rating_parameter& p : report.parameters) { // a coefficient may have any unit
        const double exponent = p.standard_error > 0 ? std::floor(std::log10(p.standard_error)) : 0;
        const int digits = static_cast<int>(std::clamp(2 - exponent, 3.0, 12.0));
        shown.rows.push_back(
            {p.name, preflearn::with_digits{p.value, digits}, preflearn::with_digits{p.standard_error, digits}});
    }
    return shown;
}

preflearn::table judge_table(const preflearn::rating_report& report, const preflearn::name_column& judges,
                             const arguments& given) {
    preflearn::table shown{.columns = {{.name = "judge"},
                                       {.name = given.judge_model},
                                       {.name = "s.e."},
                                       {.name = "low"},
                                       {.name = "high"},
                                       {.name = "games"}}};
    const std::vector<std::size_t> counts = games_per_name(judges);
    for (std::size_t k = 0; k < judges.names.size(); ++k) {
        const preflearn::judge_report& j = report.judges[k];
        shown.rows.push_back({judges.names[k], j.value, j.standard_error, j.bounds.low, j.bounds.high, counts[k]});
    }
    shown.note =
        given.judge_model == "reliability"
            ? "The probability that a judge says what the items deserve rather than the opposite; its prior is "
              "9 right answers and 1 wrong."
            : "How strongly a judge tells items apart: 1 is the geometric mean of the judges, whose logarithms "
              "have a Gaussian prior of variance 1.";
    return shown;
}

std::string joined(const std::vector<preflearn::item_id>& items, const std::vector<std::string>& names) {
    std::string text;
    for (const preflearn::item_id i : items) text += (text.empty() ? "" : ", ") + names[i];
    return text.empty() ? "none" : text;
}

void print_certificate(const preflearn::rating_fit& fit, const std::vector<std::string>& names) {
    std::printf("status: %s\n", std::string(name_of(fit.status)).c_str());
    if (!fit.converged()) std::printf("reason: %s\n", explain(fit, names).c_str());
    std::printf("prior: %s\n", fit.prior.c_str());
    if (!std::isnan(fit.gradient_norm))
        std::printf("gradient: %.3g games, next step: %.3g logits, after %zu iterations\n", fit.gradient_norm,
                    fit.newton_step, fit.iterations);
    if (fit.converged()) std::printf("log-likelihood: %.6f\n", fit.log_likelihood);
    std::printf("win graph: %zu connected parts, %zu strongly connected groups\n", fit.graph.components,
                fit.graph.groups);
    if (fit.graph.groups > 1) {
        std::printf("never beaten: %s\n", joined(fit.graph.undefeated, names).c_str());
        std::printf("never won: %s\n", joined(fit.graph.winless, names).c_str());
    }
}

nlohmann::ordered_json json_of(const preflearn::rating_report& report, const std::vector<std::string>& names,
                               const preflearn::name_column& judges, const arguments& given) {
    const preflearn::rating_fit& fit = report.fit;
    nlohmann::ordered_json json{{"status", name_of(fit.status)}, {"items", nlohmann::ordered_json::array()}};
    for (const std::size_t i : report.ranks.order) { // NaN is written as null
        json["items"].push_back({{"name", names[i]},
                                 {"score", fit.scores[i]},
                                 {"se", report.standard_errors[i]},
                                 {"low", report.bounds[i].low},
                                 {"high", report.bounds[i].high},
                                 {"tier", report.ranks.tier[i]},
                                 {"best_rank", report.ranks.best_rank[i]},
                                 {"worst_rank", report.ranks.worst_rank[i]}});
    }
    json["parameters"] = nlohmann::ordered_json::object();
    for (const preflearn::rating_parameter& p : report.parameters) {
        json["parameters"][p.name] = p.value;
        json["parameters"][p.name + "_se"] = p.standard_error;
    }
    const std::vector<std::size_t> counts = games_per_name(judges);
    for (std::size_t k = 0; k < report.judges.size(); ++k) {
        const preflearn::judge_report& j = report.judges[k];
        json["parameters"]["judges"].push_back({{"name", judges.names[k]},
                                                {given.judge_model, j.value},
                                                {"se", j.standard_error},
                                                {"low", j.bounds.low},
                                                {"high", j.bounds.high},
                                                {"games", counts[k]}});
    }
    if (!fit.converged()) json["reason"] = explain(fit, names);
    json["ties"] = given.ties;
    json["prior"] = fit.prior;
    json["errors"] = report.errors;
    json["log_likelihood"] = fit.log_likelihood;
    json["certificate"] = {{"gradient_norm", fit.gradient_norm},
                           {"newton_step", fit.newton_step},
                           {"iterations", fit.iterations},
                           {"components", fit.graph.components},
                           {"groups", fit.graph.groups},
                           {"undefeated", nlohmann::ordered_json::array()},
                           {"winless", nlohmann::ordered_json::array()}};
    for (const preflearn::item_id i : fit.graph.undefeated) json["certificate"]["undefeated"].push_back(names[i]);
    for (const preflearn::item_id i : fit.graph.winless) json["certificate"]["winless"].push_back(names[i]);
    return json;
}

int run(const arguments& given, const preflearn::rating_options& options) {
    const preflearn::game_table file =
        preflearn::read_games(preflearn::csv_file(given.file),
                              {.cluster = given.cluster, .judge = given.judge, .covariates = given.covariates});
    std::vector<preflearn::game_result> results;
    for (const preflearn::choice winner : file.winners) {
        results.push_back(winner == preflearn::choice::first    ? preflearn::game_result::left
                          : winner == preflearn::choice::second ? preflearn::game_result::right
                                                                : preflearn::game_result::tie);
    }
    const preflearn::game_list games{file.items.size(), file.left, file.right, results, file.weights};
    if (!file.weights.empty()) preflearn::check_counts(preflearn::count_games(games), file.items); // with names
    const preflearn::game_covariates covariates{
        {file.covariates.data(), given.covariates.empty() ? 0 : games.size(), given.covariates.size()},
        given.covariates};
    const preflearn::rating_report report =
        preflearn::rate_games(games, options, file.clusters.codes, covariates, file.judges.codes);
    if (report.fit.converged()) {
        std::printf("%s\n", preflearn::to_text(ranked_table(report, file.items, given)).c_str());
        if (!report.parameters.empty()) std::printf("%s\n", preflearn::to_text(parameter_table(report)).c_str());
        if (!report.judges.empty())
            std::printf("%s\n", preflearn::to_text(judge_table(report, file.judges, given)).c_str());
        if (!given.cluster.empty())
            std::printf("clusters: %zu of '%s'\n", file.clusters.names.size(), given.cluster.c_str());
        std::printf("errors: %s\n", report.errors.c_str());
    }
    print_certificate(report.fit, file.items);
    const bool shown = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
    if (!given.json.empty()) preflearn::write_json(json_of(report, file.items, file.judges, given), given.json);
    preflearn::require<preflearn::input_error>(shown, "the report could not be written to standard output");
    if (report.fit.converged()) return 0;
    std::fprintf(stderr, "rank: %s: %s\n", std::string(name_of(report.fit.status)).c_str(),
                 explain(report.fit, file.items).c_str());
    return undefined_fit;
}

} // namespace

int main(int argc, char** argv) {
    arguments given;
    preflearn::rating_options options;
    CLI::App app{
        "Ranks items by the Bradley-Terry model from a CSV file of games with the columns left, right and winner\n"
        "(left, right or tie; x, y and draw mean the same), and perhaps weight, clusters and covariates. Ends with 1\n"
        "when the file is wrong, 2 when the options are, and 3 when no rating exists. Boards of more than 3,000 items "
        "have\n"
        "standard errors estimated by random probes to about 0.2% of each, or none where probes cannot tell, and "
        "their\n"
        "ranks and tiers follow from joint intervals of the scores instead of all pairs; the line 'errors' says so.\n"
        "Clusters and Jeffreys' prior go with at most 20,000 items."};
    app.add_option("FILE", given.file, "the CSV file; the first line names the columns")
        ->required()
        ->check(CLI::ExistingFile);
    app.add_option("--ties", given.ties, "what a tie means: half a win, nothing, or an outcome with a model")
        ->check(CLI::IsMember({"half", "drop", "rao-kupper", "davidson"}))
        ->capture_default_str();
    app.add_flag("--order", given.order, "estimate the advantage of the left side");
    app.add_option("--prior", given.prior, std::string("of the scores: ") + priors)->capture_default_str();
    app.add_option("--covariate", given.covariates,
                   "a numeric column that explains games beside their items, the left side's value minus the right "
                   "side's; can be repeated")
        ->allow_extra_args(false)
        ->check(some_name);
    app.add_option("--cluster", given.cluster, "the column of clusters (annotator, prompt) for robust errors")
        ->check(some_name);
    auto* judge = app.add_option("--judge", given.judge,
                                 "the column of who judged a game: estimates what each judge is worth (crowd "
                                 "Bradley-Terry); goes with --prior gaussian or pseudo-games")
                      ->check(some_name);
    app.add_option("--judge-model", given.judge_model,
                   "a judge's reliability: the probability not to say the opposite of what the items deserve; or "
                   "discrimination: how strongly the judge tells items apart")
        ->check(CLI::IsMember({"reliability", "discrimination"}))
        ->needs(judge)
        ->capture_default_str();
    app.add_option("--confidence", given.confidence, "confidence of intervals and ranks")
        ->check(CLI::Range(0.01, 0.9999))
        ->capture_default_str();
    app.add_option("--seed", given.seed, "seed of the draws for ranks")->check(no_minus);
    app.add_option("--json", given.json, "also write the ratings to this file")->check(some_name);
    try {
        app.parse(argc, argv);
        options = options_of(given);
    } catch (const CLI::ParseError& failure) {
        return app.exit(failure) != 0 ? 2 : std::cout.flush() ? 0 : 1;
    }
    try {
        return run(given, options);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "rank: %s\n", failure.what());
        return 1;
    }
}
