#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/ranking/model/game_likelihood.hpp>

#include "../boards.hpp"

using namespace test;

TEST_CASE("a game's terms do not depend on the run of games that it is seen in") {
    const game_columns games = random_games(5, 300, 2);
    std::vector<double> features;
    std::vector<std::uint32_t> judges;
    for (std::size_t g = 0; g < 300; ++g) {
        features.push_back(static_cast<double>(g % 11) - 5);
        judges.push_back(static_cast<std::uint32_t>(g % 4));
    }
    const game_details details{.features = {features.data(), 300, 1}, .judges = judges};
    const game_model model{.board = bradley_terry_model{.ties = davidson_rule{}, .order = order_effect{}},
                           .features = game_features{},
                           .judges = judge_discrimination{}};
    const game_list list = games.list();
    const game_likelihood likelihood(list, details, model);
    const game_layout& layout = likelihood.layout();
    REQUIRE(layout.size == 5 + 1 + 1 + 4 + 1);
    CHECK(likelihood.has_judges());
    CHECK(!likelihood.level_is_known());
    Eigen::VectorXd at = Eigen::VectorXd::LinSpaced(static_cast<Eigen::Index>(layout.size), -0.5, 0.5);
    std::vector<double> values(300);
    likelihood.each_game(at, 0, 300, [&](std::size_t g, std::span<const game_parameter> row, const judged_terms& t) {
        values[g] = t.value;
        CHECK(row.size() == 6); // two items, order, feature, judge, ties
        CHECK(row[3].times == features[g]);
    });
    for (const std::size_t g : std::array<std::size_t, 7>{0, 1, 63, 64, 65, 130, 299})
        likelihood.each_game(at, g, g + 1, [&](std::size_t same, const auto&, const judged_terms& t) {
            CHECK(same == g);
            CHECK(t.value == values[g]);
        });
    CHECK(likelihood.prior(5, 0.3).curvature == 0); // the order effect has none
    CHECK(likelihood.prior(layout.judges, 0.3).curvature > 0);
    at[at.size() - 1] = -100;
    CHECK(likelihood.allows(at));
}
