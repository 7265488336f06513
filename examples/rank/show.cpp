// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/ranking/figures.hpp>
#include <preflearn/pipeline/ranking/json.hpp>
#include <preflearn/pipeline/ranking/tables.hpp>
#include <preflearn/report/figures/dot_plot_svg.hpp>
#include <preflearn/report/figures/heat_map_svg.hpp>
#include <preflearn/report/run/write.hpp>
#include <preflearn/report/tables/table_data.hpp>
#include <preflearn/report/tables/table_text.hpp>
#include <preflearn/report/tables/unicode_text.hpp>

#include "rank.hpp"

namespace {

/// On one line, and nothing that a terminal would obey.
void say(const std::string& text) { std::printf("%s\n", preflearn::printable(text).c_str()); }

void print_games(const preflearn::ranking_study& study, const arguments& given) {
    const preflearn::game_table& file = study.file;
    if (!file.recognised.empty()) say(given.file + ": " + file.recognised);
    const nlohmann::ordered_json games = preflearn::games_json(study);
    std::printf("games: %zu between %zu items; %zu won by the left side, %zu by the right side, %zu ties\n",
                file.left.size(), file.items.size(), games["left_wins"].get<std::size_t>(),
                games["right_wins"].get<std::size_t>(), games["ties"].get<std::size_t>());
    if (file.games_left_out() > 0) {
        std::printf("left out: %zu rows\n", file.games_left_out());
        for (const preflearn::left_out_games& some : file.left_out)
            say(preflearn::message("  ", some.count, ": ", some.reason, " (first: ", some.first, ")"));
    }
    if (!study.weighted()) {
        std::printf("weights: none\n");
        return;
    }
    say(preflearn::message("weights: column ", preflearn::excerpt{file.weight_column}, ", sum ",
                           games["weight"].get<double>(),
                           given.weights == "sampling"
                               ? ", as sampling weights: errors are those of the sandwich and do not depend on the "
                                 "weights' scale"
                               : ", as counts: a game of weight 2 is two games, and errors shrink as weights grow; "
                                 "--weights sampling if they are not counts"));
}

void print_certificate(const preflearn::ranking_study& study) {
    const preflearn::rating_fit& fit = study.fit();
    say("status: " + std::string(name_of(fit.status)));
    if (!fit.converged()) say("reason: " + study.reason());
    say("prior: " + fit.prior);
    if (!std::isnan(fit.gradient_norm))
        std::printf("gradient: %.3g games, next step: %.3g logits, after %zu iterations\n", fit.gradient_norm,
                    fit.newton_step, fit.iterations);
    if (fit.converged()) std::printf("log-likelihood: %.6f\n", fit.log_likelihood);
    std::printf("win graph: %zu connected parts, %zu strongly connected groups\n", fit.graph.components,
                fit.graph.groups);
    if (!fit.converged()) return; // the reason names them
    const auto names = [&](const std::vector<preflearn::item_id>& items) {
        return preflearn::some_items(items, study.file.items);
    };
    if (!fit.graph.undefeated.empty()) say("never beaten: " + names(fit.graph.undefeated));
    if (!fit.graph.winless.empty()) say("never won: " + names(fit.graph.winless));
}

void print_report(const preflearn::ranking_study& study, const arguments& given) {
    const auto print = [](const preflearn::table& table) { std::printf("%s\n", preflearn::to_text(table).c_str()); };
    if (!study.fit().converged()) {
        if (!study.records.empty()) print(preflearn::record_table(study));
        print_games(study, given);
        print_certificate(study);
        return;
    }
    print(preflearn::ranked_table(study));
    if (!study.report.parameters.empty()) print(preflearn::parameter_table(study));
    if (!study.report.judges.empty()) print(preflearn::judge_table(study));
    print_games(study, given);
    if (!given.cluster.empty())
        say(preflearn::message("clusters: ", study.file.clusters.names.size(), " of ",
                               preflearn::excerpt{given.cluster}));
    say("errors: " + study.report.errors);
    print_certificate(study);
}

/// The files that were asked for; tables and pictures of a rating that exists.
void write_files(const preflearn::ranking_study& study, const arguments& given) {
    if (!given.json.empty()) preflearn::write_json(preflearn::ranking_json(study), given.json);
    if (!study.fit().converged()) return;
    if (!given.csv.empty()) preflearn::write_csv(preflearn::ranked_table(study), given.csv);
    if (!given.markdown.empty()) preflearn::write_markdown(preflearn::ranked_table(study), given.markdown);
    if (!given.dot_plot.empty()) preflearn::write_svg(preflearn::interval_plot(study), given.dot_plot);
    if (!given.heat_map.empty()) preflearn::write_svg(preflearn::win_rate_map(study), given.heat_map);
}

} // namespace

void show(const preflearn::ranking_study& study, const arguments& given) {
    print_report(study, given);
    const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
    write_files(study, given);
    preflearn::require<preflearn::input_error>(written, "the report could not be written to standard output");
}
