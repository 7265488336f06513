/// \file
/// From games to a ranked table in one call, with the model chosen at run time: for command lines and reports.
/// Everything here is made of the compile-time pieces, which a program that knows its model uses directly.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/numbers/interval.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/board/counts.hpp>
#include <preflearn/ranking/board/games.hpp>
#include <preflearn/ranking/errors/covariance.hpp>
#include <preflearn/ranking/errors/game_errors.hpp>
#include <preflearn/ranking/errors/predict.hpp>
#include <preflearn/ranking/errors/probed_errors.hpp>
#include <preflearn/ranking/errors/rank_tiers.hpp>
#include <preflearn/ranking/fit/fit_board.hpp>
#include <preflearn/ranking/fit/fit_games.hpp>
#include <preflearn/ranking/model/board_model.hpp>
#include <preflearn/ranking/model/game_model.hpp>
#include <preflearn/ranking/model/judges.hpp>
#include <preflearn/ranking/model/prior.hpp>
#include <preflearn/ranking/model/ties.hpp>
#include <preflearn/ranking/solver/firth.hpp>

namespace preflearn {

struct rating_options {
    std::variant<half_win_rule, drop_rule, rao_kupper_rule, davidson_rule> ties{};
    bool order = false;
    /// `jeffreys_prior` goes with ties as half wins or dropped, and without order effect.
    std::variant<no_prior, gaussian_prior, pseudo_games, jeffreys_prior> prior{};
    /// Needs a Gaussian prior or pseudo-games, and a judge of every game.
    std::variant<no_judges, judge_reliability, judge_discrimination> judges{};
    double confidence = 0.95;
    /// Of the draws for ranks.
    std::uint64_t seed = 0;
    /// The item whose score is 0, without error; the others' errors are those of their differences to it. Nothing: the
    /// scores have mean zero.
    std::optional<std::size_t> anchor{};
};

/// Numeric columns that explain games beside their items, of the left side minus the right side's.
struct game_covariates {
    matrix_view<const double> values{};
    /// One a column.
    std::span<const std::string> names{};
};

/// A parameter beside the scores, by name: "order" (δ in logits), "nu" or "threshold", or a covariate's (γ in logits
/// per unit).
struct rating_parameter {
    std::string name;
    double value, standard_error;
};

/// Ranks and tiers compare all pairs of so many items, in n³ time; those of larger boards follow from joint intervals.
inline constexpr std::size_t most_ranked_items = 3000;
/// Clusters and Jeffreys' prior need dense covariances, of 8 bytes a pair of items: 3.2 GB here.
inline constexpr std::size_t most_dense_items = 20'000;

/// Judges and items together: their errors are from a matrix of 8 bytes a pair of them, 0.8 GB here, and n³ time.
inline constexpr std::size_t most_judges_and_items = 10'000;

/// What a judge is worth: η of `judge_reliability` or a of `judge_discrimination`, with an interval that lies where
/// such a number can.
struct judge_report {
    double value, standard_error;
    interval bounds{};
};

/// All but `fit` is empty where the fit does not exist.
struct rating_report {
    rating_fit fit{};
    /// In logits, from the anchor where there is one; `fit.scores` have mean zero in any case.
    std::vector<double> scores{}, standard_errors{};
    std::vector<interval> bounds{};
    rank_result ranks{};
    std::vector<rating_parameter> parameters{};
    /// One a judge.
    std::vector<judge_report> judges{};
    /// How the errors were made, and what is not there and why. Errors that are not known are NaN.
    std::string errors{};
    /// What predictions need: the model, where its parameters lie, and their covariance (none of boards whose errors
    /// are estimated by probes).
    rating_options model{};
    game_layout layout{};
    std::shared_ptr<const rating_covariance> covariance{};
};

namespace detail {

// The parts of a model chosen at run time, a type for all of a part's choices: rate_games compiles a few models instead
// of dozens.

struct chosen_prior {
    std::variant<no_prior, gaussian_prior, pseudo_games, jeffreys_prior> choice;
    board_need need = std::visit([](const auto& p) { return p.need; }, choice);

    [[nodiscard]] prior_terms terms(double theta) const {
        return std::visit([&](const auto& p) { return p.terms(theta); }, choice);
    }
    void check() const {
        std::visit([](const auto& p) { p.check(); }, choice);
    }
    [[nodiscard]] std::string describe() const {
        return std::visit([](const auto& p) { return p.describe(); }, choice);
    }
};

/// Half wins, or dropped.
struct shared_ties {
    static constexpr bool has_parameter = false;
    /// What either side has of a tie.
    double share;
    tie_edges edges = share > 0 ? tie_edges::both_ways : tie_edges::none;

    [[nodiscard]] double left_part(const pair_cell& c) const { return c.left_wins + share * c.ties; }
    [[nodiscard]] double right_part(const pair_cell& c) const { return c.right_wins + share * c.ties; }
    [[nodiscard]] outcome_terms terms(logit_choice, const pair_cell& c, double x, double) const {
        return two_outcome_terms<logit_choice>(left_part(c), right_part(c), x);
    }
};

struct modelled_ties {
    static constexpr bool has_parameter = true;
    static constexpr tie_edges edges = tie_edges::both_ways;
    std::variant<rao_kupper_rule, davidson_rule> choice;

    [[nodiscard]] bool allows(double t) const {
        return std::visit([&](auto rule) { return rule.allows(t); }, choice);
    }
    [[nodiscard]] double start(double share) const {
        return std::visit([&](auto rule) { return rule.start(share); }, choice);
    }
    [[nodiscard]] double natural(logit_choice link, double t) const {
        return std::visit([&](auto rule) { return rule.natural(link, t); }, choice);
    }
    [[nodiscard]] outcome_terms terms(logit_choice link, const pair_cell& c, double x, double t) const {
        return std::visit([&](auto rule) { return rule.terms(link, c, x, t); }, choice);
    }
};

struct chosen_judges {
    static constexpr bool has_parameters = true;
    std::variant<no_judges, judge_reliability, judge_discrimination> choice;
    bool sum_zero = std::visit([](const auto& j) { return j.sum_zero; }, choice);

    void check() const {
        std::visit([](const auto& j) { j.check(); }, choice);
    }
    [[nodiscard]] double start() const {
        return std::visit([](const auto& j) { return j.start(); }, choice);
    }
    [[nodiscard]] double natural(double u) const {
        return std::visit([&](const auto& j) { return j.natural(u); }, choice);
    }
    [[nodiscard]] double natural_slope(double u) const {
        return std::visit([&](const auto& j) { return j.natural_slope(u); }, choice);
    }
    [[nodiscard]] prior_terms prior(double u) const {
        return std::visit([&](const auto& j) { return j.prior(u); }, choice);
    }
    template <class Outcome> [[nodiscard]] judged_terms terms(const Outcome& outcome, double z, double u) const {
        return std::visit([&](const auto& j) { return j.terms(outcome, z, u); }, choice);
    }
};

/// As `bradley_terry_model`.
template <class Ties> struct chosen_board {
    using prior_type = chosen_prior;
    static constexpr bool has_tie_parameter = Ties::has_parameter, two_outcome_logit = !has_tie_parameter;
    Ties ties;
    bool has_order;
    chosen_prior prior;
    logit_choice link{};
};

/// Everything of a report that follows from the fit in it and the errors of its parameters, which lie as in `layout`.
/// \param of_scores the items' errors, of differences where there is an anchor
inline void add_errors(const game_layout& layout, std::span<const double> errors, std::span<const double> of_scores,
                       const rating_options& options, std::span<const std::string> covariates, rating_report& report) {
    report.layout = layout;
    report.standard_errors.assign(of_scores.begin(), of_scores.end());
    const double zero = options.anchor ? report.fit.scores[*options.anchor] : 0,
                 z = normal_critical(options.confidence);
    for (std::size_t i = 0; i < layout.items; ++i) {
        report.scores.push_back(report.fit.scores[i] - zero);
        report.bounds.push_back({report.scores[i] - z * of_scores[i], report.scores[i] + z * of_scores[i]});
    }
    const auto add = [&](std::string_view name, double value, double error) {
        report.parameters.push_back({std::string(name), value, error});
    };
    if (layout.has_order()) add("order", report.fit.order, errors[layout.order]);
    for (std::size_t c = 0; c < covariates.size(); ++c)
        add(covariates[c], report.fit.parameters[layout.features + c], errors[layout.features + c]);
    std::visit(
        [&]<class Ties>(const Ties&) {
            // the solver's parameter is the logarithm of the reported one, for the logit link
            const double value = report.fit.tie_parameter;
            if constexpr (Ties::has_parameter) add(Ties::parameter_name, value, value * errors[layout.ties]);
        },
        options.ties);
}

/// Ranks and tiers without covariances. \param errors of mean-zero scores
inline void rank_by_intervals(const rating_options& options, std::span<const double> errors, rating_report& report) {
    report.ranks = rank_items(report.fit, errors, options.confidence);
    report.errors += "; ranks and tiers from joint intervals";
}

/// The same from a covariance. \returns the errors of all parameters
std::vector<double> complete_report(const game_layout& layout, std::same_as<rating_covariance> auto covariance,
                                    const rating_options& options, std::span<const std::string> covariates,
                                    rating_report& report) {
    std::vector<double> errors(layout.size);
    for (std::size_t p = 0; p < layout.size; ++p) errors[p] = covariance.standard_error(p);
    const std::span<const double> centred = std::span(errors).first(layout.items);
    std::vector<double> of_scores(centred.begin(), centred.end());
    for (std::size_t i = 0; i < layout.items && options.anchor; ++i)
        of_scores[i] = i == *options.anchor ? 0 : covariance.standard_error_of_difference(i, *options.anchor);
    add_errors(layout, errors, of_scores, options, covariates, report);
    if (layout.items <= most_ranked_items)
        report.ranks = rank_items(report.fit, covariance, {.confidence = options.confidence, .seed = options.seed});
    else
        rank_by_intervals(options, centred, report);
    if (covariance.in_tree)
        report.errors += "; weights lie many orders apart, so that ranks and tiers follow from a bound over all pairs";
    report.covariance = std::make_shared<const rating_covariance>(std::move(covariance));
    return errors;
}

inline std::string describe(const probed_errors& probed) {
    constexpr const char* none = "none: this board is too large for a covariance matrix, and random probes ";
    if (std::isnan(probed.relative_error))
        return message(none, "failed, their equations being singular in double precision");
    if (probed.relative_error > 1) return message(none, "would miss by more than 100% of each");
    const auto hundredths = static_cast<int>(std::ceil(1e4 * probed.relative_error));
    const std::string part = message(hundredths / 100, '.', hundredths / 10 % 10, hundredths % 10, "% of each");
    if (probed.relative_error > probe_options{}.worst) return message(none, "would miss by ", part);
    const auto unknown = std::ranges::count_if(probed.standard_errors, [](double error) { return std::isnan(error); });
    return message("estimated by ", probed.probes, " random probes, to about ", part) +
           (unknown == 0 ? "" : message("; not known of ", unknown, " items"));
}

/// The same from probes.
inline std::vector<double> complete_report(const game_layout& layout, const probed_errors& probed,
                                           const rating_options& options, std::span<const std::string> covariates,
                                           rating_report& report) {
    report.errors = describe(probed);
    const std::span<const double> centred = std::span(probed.standard_errors).first(layout.items);
    add_errors(layout, probed.standard_errors, options.anchor ? std::span(probed.from_anchor) : centred, options,
               covariates, report);
    rank_by_intervals(options, centred, report);
    return probed.standard_errors;
}

/// \throws argument_error before memory is taken for more judges than `most_judges_and_items` allows.
inline void check_judges(std::size_t items, std::span<const std::uint32_t> judge_codes) {
    if (judge_codes.empty()) return;
    const std::size_t judges = std::size_t{*std::ranges::max_element(judge_codes)} + 1, all = judges + items;
    require(all <= most_judges_and_items, judges, " judges and ", items, " items: what each judge is worth is offered ",
            "for at most ", most_judges_and_items, " of both, since its errors would take matrices of ",
            8 * (all / 1000) * (all / 1000) / 1000,
            " GB; rate without judges, or give one name to judges of few games");
}

} // namespace detail

/// A template only so that its models are compiled where it is called.
/// \param clusters one code a game: errors are those of the cluster sandwich; empty: of the inverse information.
/// \param covariates the games are then fitted one by one (`fit_games`) instead of by pairs.
/// \param judge_codes who judged each game, from 0; with `options.judges`.
/// Boards of more than `most_ranked_items` items without clusters have estimated errors (`probe_errors`).
/// \throws argument_error as the functions it calls, for names that are not one a column, for Jeffreys' prior beside an
/// order effect, a tie parameter, covariates or judges, for judges without a prior that makes scores finite, and for
/// more than `most_dense_items` where covariances are needed.
template <std::same_as<rating_options> Options = rating_options>
rating_report rate_games(const game_list& games, const Options& options = {},
                         std::span<const std::uint32_t> clusters = {}, const game_covariates& covariates = {},
                         std::span<const std::uint32_t> judge_codes = {}) {
    const bool judged = !std::holds_alternative<no_judges>(options.judges);
    const bool by_games = judged || covariates.values.columns > 0;
    const bool jeffreys = std::holds_alternative<jeffreys_prior>(options.prior);
    const bool dense = jeffreys || !clusters.empty() || games.items <= most_ranked_items;
    const char* const how = clusters.empty() ? "inverse information" : "sandwich over clusters";
    require(covariates.names.size() == covariates.values.columns, covariates.values.columns, " covariates and ",
            covariates.names.size(), " names of them");
    detail::check_judges(games.items, judge_codes);
    require(judged || judge_codes.empty(), "judges are given, but no model of them");
    require(games.items <= most_dense_items || (clusters.empty() && !jeffreys),
            "clusters and Jeffreys' prior are offered for at most ", most_dense_items, " items, found ", games.items);
    require(!options.anchor || *options.anchor < games.items, "the anchor is item ", options.anchor.value_or(0), " of ",
            games.items);
    const auto one_by_one = [&](const auto& board, const auto& judges) {
        const game_model model{.board = board, .features = game_features{}, .judges = judges};
        game_details details{.features = covariates.values, .judges = judge_codes};
        if (covariates.values.columns == 0) details.features.rows = games.size();
        const game_fit fit = fit_games(games, details, model);
        rating_report report{.fit = fit.rating, .model = options};
        if (!fit.converged()) return report;
        report.errors = how;
        const auto complete = [&](const auto& errors) {
            return detail::complete_report(fit.layout, errors, options, covariates.names, report);
        };
        const std::vector<double> errors =
            !dense
                ? complete(probe_errors(games, details, model, fit, {.seed = options.seed, .anchor = options.anchor}))
            : clusters.empty() ? complete(inverse_information(games, details, model, fit))
                               : complete(sandwich_covariance(games, details, model, fit, clusters));
        const double z = normal_critical(options.confidence);
        for (std::size_t k = 0; k < fit.judges.size(); ++k) {
            const double u = report.fit.parameters[fit.layout.judges + k];
            const double error = errors[fit.layout.judges + k];
            report.judges.push_back({fit.judges[k],
                                     judges.natural_slope(u) * error,
                                     {judges.natural(u - z * error), judges.natural(u + z * error)}});
        }
        return report;
    };
    const auto by_pairs = [&]<class Board>(const Board& board) {
        const pair_counts counts = count_games(games, board.has_order ? sides::kept : sides::merged);
        rating_report report{.model = options};
        if (!jeffreys)
            report.fit = fit_ratings(counts, board);
        else if constexpr (!Board::has_tie_parameter)
            report.fit =
                fit_ratings(counts, bradley_terry_model{.ties = board.ties, .prior = jeffreys_prior{}}, firth{});
        if (!report.fit.converged()) return report;
        report.errors = how;
        const auto complete = [&](const auto& errors) {
            detail::complete_report(layout_of_board(board, games.items), errors, options, {}, report);
        };
        if (!dense)
            complete(probe_errors(counts, board, report.fit, {.seed = options.seed, .anchor = options.anchor}));
        else if (clusters.empty())
            complete(inverse_information(counts, board, report.fit));
        else
            complete(sandwich_covariance(games, board, report.fit, clusters));
        return report;
    };
    const auto rated = [&](const auto& ties) {
        require(!jeffreys || !(options.order || ties.has_parameter || by_games),
                "Jeffreys' prior is offered without order effect, covariates and judges, ties counted as half wins or "
                "dropped");
        const detail::chosen_board board{ties, options.order, detail::chosen_prior{options.prior}};
        require(!judged || board.prior.need == board_need::nothing,
                "judges need a prior on the scores, Gaussian or pseudo-games");
        if (judged) return one_by_one(board, detail::chosen_judges{options.judges});
        return by_games ? one_by_one(board, no_judges{}) : by_pairs(board);
    };
    return std::visit(
        [&]<class Ties>(const Ties& ties) {
            if constexpr (Ties::has_parameter)
                return rated(detail::modelled_ties{ties});
            else
                return rated(detail::shared_ties{Ties::left_part({.ties = 1})});
        },
        options.ties);
}

/// What a report expects of a game, as `predict_game` of its model: the probabilities, with intervals where there is a
/// covariance. A template only so that the models are compiled where it is called.
/// \throws numeric_error when the fit does not exist; argument_error for items that are unknown or the same, and for
/// features or a judge that the report has not.
template <std::same_as<rating_report> Report>
game_prediction predict_game(const Report& report, std::size_t left, std::size_t right,
                             const game_setting& setting = {}, double confidence = 0.95) {
    const game_at_fit game = game_of_fit(report.fit, report.layout, left, right, setting);
    const auto with = [&](const auto& ties) {
        return predict_at_fit(detail::chosen_board{ties, report.model.order, {}},
                              detail::chosen_judges{report.model.judges}, game, report.covariance.get(), confidence);
    };
    return std::visit(
        [&]<class Ties>(const Ties& ties) {
            if constexpr (Ties::has_parameter)
                return with(detail::modelled_ties{ties});
            else
                return with(detail::shared_ties{Ties::left_part({.ties = 1})});
        },
        report.model.ties);
}

} // namespace preflearn
