#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/many.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/reward/strength_table.hpp>
#include <preflearn/training/kinds/pairs.hpp>

#include "differences.hpp"

using namespace preflearn;

namespace {

using game = comparison<no_prompt, std::uint16_t>;
using played = completion_of<game>;

static_assert(RewardModel<strength_table<float>, game>);
static_assert(Trainable<strength_table<float>, batch_of<game>>);
static_assert(!RewardModel<strength_table<>, comparison<no_prompt, double>>);

/// Games and who won them.
struct tournament {
    std::vector<game> games;
    label_set labels;
    void add(std::uint16_t winner, std::uint16_t loser, std::size_t times) {
        for (std::size_t i = 0; i < times; ++i) {
            const std::uint64_t id = games.size();
            const bool shown_first = id % 3 != 0; // position says nothing
            games.push_back({id, {}, shown_first ? winner : loser, shown_first ? loser : winner});
            labels.add({id, shown_first ? preference::for_first() : preference::for_second()});
        }
    }
    [[nodiscard]] strength_table<> fitted(std::size_t items) const {
        strength_table<> table(items);
        train_preferences(table, games, labels, {}, bradley_terry{}, adamw{.rate = 0.1, .weight_decay = 0},
                          {.epochs = 800, .batch_size = games.size(), .schedule = schedule::cosine});
        return table;
    }
};

} // namespace

TEST_CASE("two items: the fit is the log-odds of the wins") {
    tournament t;
    t.add(0, 1, 7);
    t.add(1, 0, 2);
    const strength_table<> table = t.fitted(2);
    const std::uint16_t zero = 0, one = 1;
    CHECK(table({}, zero) - table({}, one) == doctest::Approx(std::log(7.0 / 2)).epsilon(1e-6));
}

TEST_CASE("a tie is half a win") {
    tournament t;
    t.add(0, 1, 3);
    t.games.push_back({3, {}, 1, 0});
    t.labels.add({3, preference::tied()});
    const strength_table<> table = t.fitted(2);
    CHECK(table({}, 0) - table({}, 1) == doctest::Approx(std::log(3.5 / 0.5)).epsilon(1e-6));
}

TEST_CASE("more items: the fit is the fixed point of the minorise-maximise iteration") {
    // π_i ← W_i / Σ_j n_ij / (π_i + π_j) (Zermelo 1929; Hunter 2004)
    constexpr std::array<std::array<int, 5>, 5> wins{
        {{0, 3, 4, 2, 5}, {2, 0, 3, 4, 1}, {1, 2, 0, 3, 6}, {2, 1, 2, 0, 3}, {0, 2, 1, 2, 0}}};
    tournament t;
    std::array<double, 5> pi{1, 1, 1, 1, 1};
    for (std::uint16_t i = 0; i < 5; ++i)
        for (std::uint16_t j = 0; j < 5; ++j) t.add(i, j, static_cast<std::size_t>(wins[i][j]));
    for (int round = 0; round < 2000; ++round) {
        const std::array<double, 5> old = pi;
        for (std::size_t i = 0; i < 5; ++i) {
            double won = 0, expected = 0;
            for (std::size_t j = 0; j < 5; ++j) {
                won += wins[i][j];
                expected += (wins[i][j] + wins[j][i]) / (old[i] + old[j]);
            }
            pi[i] = won / expected;
        }
    }
    const strength_table<> table = t.fitted(5);
    for (std::uint16_t i = 1; i < 5; ++i)
        CHECK(table({}, i) - table({}, 0) == doctest::Approx(std::log(pi[i] / pi[0])).epsilon(1e-5));
}

TEST_CASE("the gradient is the finite difference, with items that occur twice or never") {
    strength_table<> table(4);
    const std::vector<played> batch{{{}, 2}, {{}, 0}, {{}, 2}};
    CHECK(test::gradient_error(table, std::span<const played>(batch)) < 1e-9);
}

TEST_CASE("items outside the table are named, whatever their type") {
    strength_table<> table(3);
    CHECK_THROWS_WITH_AS(table({}, -1), "completion 0: item -1 is not among the table's 3", argument_error);
    CHECK_THROWS_WITH_AS(table({}, std::uint8_t{3}), "completion 0: item 3 is not among the table's 3", argument_error);
    const std::vector<played> batch{{{}, 2}, {{}, 9}};
    CHECK_THROWS_WITH_AS(rewards(table, std::span<const played>(batch)), doctest::Contains("completion 1: item 9"),
                         argument_error);
    table.parameters()[1] = INFINITY;
    CHECK_THROWS_AS(table({}, 1), numeric_error);
}
