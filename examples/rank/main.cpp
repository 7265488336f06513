// Who is best, how sure is that, and does a rating exist at all? Ranks the items of a file of games.
// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/core/numbers/finite_number.hpp>
#include <preflearn/core/numbers/number_argument.hpp>
#include <preflearn/data/files/csv_separator.hpp>
#include <preflearn/data/tables/game_table.hpp>
#include <preflearn/report/tables/unicode_text.hpp>

#include "../command_line/command_line.hpp"
#include "rank.hpp"

namespace {

constexpr int undefined_fit = 3;
constexpr const char* priors = "none, gaussian:VARIANCE, pseudo-games[:WINS[,LOSSES]] or jeffreys";

/// The numbers behind the name in "gaussian:1" and "pseudo-games:0.5,0.5". \throws usage_error
std::vector<double> numbers_behind(std::string_view text, std::size_t fewest, std::size_t most) {
    std::vector<double> numbers;
    std::size_t at = text.find(':');
    while (at != std::string_view::npos) {
        text.remove_prefix(at + 1);
        at = text.find(',');
        const std::string_view part = text.substr(0, at);
        const double value = preflearn::finite_number(part).value_or(0);
        if (!(value > 0)) throw usage_error("--prior", "'" + std::string(part) + "' is not a number above 0");
        numbers.push_back(value);
    }
    if (numbers.size() < fewest || numbers.size() > most)
        throw usage_error("--prior", std::string("expected ") + priors);
    return numbers;
}

preflearn::rating_options options_of(const arguments& given) {
    if (given.anchor_score && !std::isfinite(*given.anchor_score))
        throw usage_error("--anchor-score", "is not a finite number");
    if (std::isnan(given.confidence)) throw usage_error("--confidence", "is not a number");
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
            throw usage_error("--prior", "there is no prior '" + std::string(kind) + "', expected " + priors);
        numbers_behind(prior, 0, 0);
        if (kind == "jeffreys") {
            if (given.order || given.ties == "rao-kupper" || given.ties == "davidson" || !given.covariates.empty())
                throw usage_error("--prior", "jeffreys goes with --ties half or drop, without --order and --covariate");
            options.prior = preflearn::jeffreys_prior{};
        }
    }
    if (!given.judge.empty()) {
        if (kind == "none" || kind == "jeffreys")
            throw usage_error("--judge", "judges who may be wrong need a prior on the scores: --prior "
                                         "gaussian:VARIANCE or pseudo-games");
        if (given.judge_model == "reliability")
            options.judges = preflearn::judge_reliability{};
        else
            options.judges = preflearn::judge_discrimination{};
    }
    std::set<std::string> keys{"order", "nu", "threshold", "judges"}; // under "parameters"
    for (const std::string& name : given.covariates)
        if (!keys.insert(name).second || !keys.insert(name + "_se").second)
            throw usage_error("--covariate", "'" + name + "' is the name of another parameter");
    return options;
}

} // namespace

int main(int argc, char** argv) {
    arguments given;
    preflearn::rating_options options;
    command_line line{
        "Ranks items by the Bradley-Terry model from a file of games: CSV (commas, semicolons or tabs; UTF-8 or\n"
        "UTF-16), a JSON array of objects, or JSONL, with the columns left, right and winner, or model_a, model_b and\n"
        "winner as Chatbot Arena has them. The winner is left, right or tie; x, y and draw, or model_a, model_b, 'tie\n"
        "(bothbad)' and both_bad mean the same, and so does the winner's own name. A column 'weight' is used where\n"
        "there is one; weights are counts: a game of weight 2 is two games. Sampling weights need --weights sampling,\n"
        "errors by the sandwich.\n"
        "Ends with 1 when the file is wrong, 2 when the options are, and 3 when no rating exists.\n"
        "Boards of more than 3,000 items have standard errors estimated by random probes to about 0.2% of each, or\n"
        "none where probes cannot tell, and their ranks and tiers follow from joint intervals of the scores instead\n"
        "of all pairs; the line 'errors' says so. Clusters and Jeffreys' prior go with at most 20,000 items."};
    line.add("FILE", given.file, "the file of games; may be gzipped").required().existing_file();
    line.add("--separator", given.separator, "of CSV fields: comma, semicolon, tab or a character")
        .check([](const std::string& text) {
            return preflearn::separator_named(text) ? "" : "comma, semicolon, tab or one character was expected";
        });
    const option left =
        line.add("--left", given.left, "the column of the left item, if not left or model_a").some_name();
    const option right = line.add("--right", given.right, "the column of the right item, if not right or model_b")
                             .some_name()
                             .needs(left);
    left.needs(right);
    line.add("--winner", given.winner, "the column of the winner, if not winner").some_name();
    line.add("--weight", given.weight, "the column of weights, if not weight").some_name();
    line.add("--weights", given.weights,
             "what weights are: counts of games, or sampling weights, by which some games stand for more than "
             "others. Scores are the same; errors of sampling weights are those of the sandwich (by --cluster, "
             "or each game by itself), which do not depend on the weights' scale")
        .one_of({"counts", "sampling"})
        .shows_default();
    line.flag("--skip-unusable", given.skip_unusable,
              "leave out rows that hold no game (an item against itself, a missing name, an unknown winner, …) and "
              "count them by reason, instead of ending with an error");
    line.add("--ties", given.ties, "what a tie means: half a win, nothing, or an outcome with a model")
        .one_of({"half", "drop", "rao-kupper", "davidson"})
        .shows_default();
    line.flag("--order", given.order, "estimate the advantage of the left side");
    line.add("--prior", given.prior, std::string("of the scores: ") + priors).shows_default();
    line.add("--covariate", given.covariates,
             "a numeric column that explains games beside their items, the left side's value minus the right "
             "side's; can be repeated")
        .repeats()
        .some_name();
    line.add("--cluster", given.cluster, "the column of clusters (annotator, prompt) for robust errors").some_name();
    const option judge = line.add("--judge", given.judge,
                                  "the column of who judged a game: estimates what each judge is worth (crowd "
                                  "Bradley-Terry); goes with --prior gaussian or pseudo-games")
                             .some_name();
    line.add("--judge-model", given.judge_model,
             "a judge's reliability: the probability not to say the opposite of what the items deserve; or "
             "discrimination: how strongly the judge tells items apart")
        .one_of({"reliability", "discrimination"})
        .needs(judge)
        .shows_default();
    line.add("--confidence", given.confidence, "confidence of intervals and ranks")
        .check(preflearn::confidence_fault)
        .shows_default();
    line.add("--seed", given.seed, "seed of the draws for ranks").no_minus();
    line.add("--scale", given.scale, "logits with mean 0, or Elo points: 400 / ln 10 a logit, mean 1000")
        .one_of({"logit", "elo"})
        .shows_default();
    const option anchor = line.add("--anchor", given.anchor,
                                   "the item whose score is fixed (at 0, or 1000 Elo points); its error is 0, the "
                                   "others' are those of their differences to it")
                              .some_name();
    line.add("--anchor-score", given.anchor_score, "the anchor's score on the scale shown").needs(anchor);
    line.add("--json", given.json, "also write the ratings to this file").some_name();
    line.add("--csv", given.csv, "also write the ranked table to this file, numbers in full").some_name();
    line.add("--markdown", given.markdown, "also write the ranked table to this file").some_name();
    line.add("--dot-plot", given.dot_plot, "also draw scores and intervals, as SVG").some_name();
    line.add("--heat-map", given.heat_map, "also draw the predicted win rates of all pairs, as SVG").some_name();
    const auto work = [&] {
        try {
            const preflearn::ranking_study study = rate_file(given, options);
            show(study, given);
            if (study.fit().converged()) return 0;
            std::fprintf(
                stderr, "rank: %s\n",
                preflearn::printable(std::string(name_of(study.fit().status)) + ": " + study.reason()).c_str());
            return undefined_fit;
        } catch (const preflearn::input_error& failure) {
            const bool one_row = dynamic_cast<const preflearn::unusable_game*>(&failure) != nullptr ||
                                 dynamic_cast<const preflearn::field_count_error*>(&failure) != nullptr ||
                                 dynamic_cast<const preflearn::json_object_error*>(&failure) != nullptr;
            if (!one_row) throw;
            throw preflearn::input_error(std::string(failure.what()) +
                                         " (--skip-unusable leaves such rows out and counts them)");
        }
    };
    return line.run(argc, argv, work, [&] { options = options_of(given); });
}
