#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/tables/game_table.hpp>
#include <preflearn/ranking/board/board_faults.hpp>
#include <preflearn/ranking/errors/covariance.hpp>
#include <preflearn/ranking/fit/fit_board.hpp>
#include <preflearn/ranking/fit/fit_games.hpp>

#include "../files.hpp"
#include "field_file.hpp"

using namespace preflearn;

namespace {

/// A board of the shared folder; no items when it is not there.
struct field_board {
    game_table table{};
    std::vector<game_result> results{};

    explicit field_board(const char* name, const game_column_names& wanted = {}) {
        const std::filesystem::path path = test::field_file(name);
        if (path.empty()) return;
        table = read_games(path, wanted);
        for (const choice won : table.winners)
            results.push_back(won == choice::first    ? game_result::left
                              : won == choice::second ? game_result::right
                                                      : game_result::tie);
    }
    [[nodiscard]] bool there() const { return !table.left_column.empty(); }
    [[nodiscard]] game_list games() const {
        return {table.items.size(), table.left, table.right, results, table.weights};
    }
    [[nodiscard]] pair_counts counts() const { return count_games(games()); }
    [[nodiscard]] std::string reason() const { return explain(fit_ratings(counts()), table.items); }
};

bool holds(const std::string& text, const char* part) { return text.find(part) != text.npos; }

} // namespace

TEST_CASE("weights 16 orders apart: the scores that are there") {
    const field_board board("w12-weights-16-orders-apart.csv");
    if (!board.there()) return;
    const rating_fit fit = fit_ratings(board.counts());
    REQUIRE(fit.converged());
    CHECK(fit.scores[0] == doctest::Approx(-std::log(2.0) / 3));
    CHECK(fit.scores[1] == doctest::Approx(-std::log(2.0) / 3));
    CHECK(fit.scores[2] == doctest::Approx(2 * std::log(2.0) / 3));
}

TEST_CASE("boards without a rating name their parts") {
    const field_board apart("r02-disconnected.csv"), blocs("r40-two-blocs.csv"), winless("r01-winless.csv"),
        control("r41-winless-control.csv");
    if (apart.there()) CHECK(holds(apart.reason(), "{A, B}, {C, D}"));
    if (blocs.there()) CHECK(holds(blocs.reason(), "never beaten by others: {A, B}; never won against others: {C, D}"));
    if (winless.there()) CHECK(holds(winless.reason(), "never won: C"));
    if (control.there()) CHECK(holds(control.reason(), "never won: 'evil\\nname\\x1B[31m'"));
}

TEST_CASE("a covariate of zeros is named, sums that overflow are called that") {
    const field_board zeros("v01-cov-zero.csv", {.covariates = {"len"}});
    if (zeros.there()) {
        const game_details details{.features = {zeros.table.covariates.data(), zeros.games().size(), 1}};
        const game_fit fit = fit_games(zeros.games(), details, game_model{.features = game_features{}});
        const std::vector<std::string> names{"len"};
        CHECK(fit.rating.status == fit_status::unidentified);
        CHECK(holds(explain(fit.rating, zeros.table.items, names), "'len' is 0 in every game"));
    }
    const field_board large("w04-overflow.csv");
    if (large.there())
        CHECK(holds(test::error_of([&] { check_counts(large.counts(), large.table.items); }), "overflow"));
}

TEST_CASE("arena's columns and words, winners by name, other separators and encodings") {
    const field_board arena("r18-arena.csv"), bad("r20-bothbad.csv"), names("r21-winner-is-name.csv"),
        semicolons("r12-semicolon.csv"), tabs("r13-tab.tsv"), wide("r14-utf16.csv");
    using winners = std::vector<choice>;
    if (arena.there()) {
        CHECK(arena.table.items == std::vector<std::string>{"gpt", "llama"});
        CHECK(arena.table.winners == winners{choice::first, choice::second, choice::tie, choice::tie});
    }
    if (bad.there()) CHECK(bad.table.winners == winners{choice::tie, choice::first});
    if (names.there()) CHECK(names.table.winners == winners{choice::first, choice::second, choice::second});
    for (const auto& [board, how] : {std::pair(&semicolons, "separated by semicolons"),
                                     std::pair(&tabs, "separated by tabs"), std::pair(&wide, "UTF-16")}) {
        if (!board->there()) continue;
        CHECK(board->table.items == std::vector<std::string>{"A", "B"});
        CHECK(board->table.winners == winners{choice::first, choice::first});
        CHECK(holds(board->table.recognised, how));
    }
}

TEST_CASE("boards that were right stay right") {
    const field_board ties("r03-only-ties.csv"), cycle("r06-all-left-cycle.csv"), two("r07-two-items.csv"),
        nobody("r05-no-games.csv");
    for (const field_board* board : {&ties, &cycle}) {
        if (!board->there()) continue;
        const rating_fit fit = fit_ratings(board->counts());
        REQUIRE(fit.converged());
        for (const double score : fit.scores) CHECK(std::abs(score) < 1e-12);
    }
    if (two.there()) {
        const rating_fit fit = fit_ratings(two.counts());
        CHECK(fit.scores[0] == doctest::Approx(std::log(7.0 / 3) / 2));
        CHECK(inverse_information(two.counts(), bradley_terry_model{}, fit).standard_error(0) ==
              doctest::Approx(std::sqrt(1 / 2.1) / 2));
    }
    if (nobody.there()) CHECK(fit_ratings(nobody.counts()).status == fit_status::no_data);
    if (const auto self = test::field_file("r04-self.csv"); !self.empty()) {
        CHECK(holds(test::error_of([&] { read_games(self); }), ":2: item 'A' plays against itself"));
        CHECK(holds(test::error_of([&] { read_games(self, {.skip_unusable = true}); }), "no game can be used"));
    }
}
