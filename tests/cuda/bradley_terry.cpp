#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <preflearn/backend/cuda/bradley_terry.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/numbers/random.hpp>

#include "../parts.hpp"
#include "device_array.hpp"
#include "emulator/emulator.hpp"
#include "traffic.hpp"

using namespace preflearn;
using test::device_array;

namespace {

/// Games of random items, a third of them ties, and what a double makes of them.
template <class Real> struct game_example {
    std::size_t items;
    std::vector<Real> strengths, won, weight;
    std::vector<std::uint32_t> left, right;

    game_example(std::size_t m, std::size_t games, double spread = 1) : items(m) {
        generator random(3, "games");
        for (std::size_t i = 0; i < m; ++i) strengths.push_back(static_cast<Real>(spread * random.normal()));
        for (std::size_t g = 0; g < games; ++g) {
            left.push_back(static_cast<std::uint32_t>(random.below(m)));
            right.push_back(static_cast<std::uint32_t>((left[g] + 1 + random.below(m - 1)) % m));
            won.push_back(static_cast<Real>(static_cast<double>(random.below(3)) / 2));
            weight.push_back(static_cast<Real>(random.uniform()));
        }
    }
    [[nodiscard]] double advantage(std::size_t g) const {
        return static_cast<double>(strengths[left[g]]) - static_cast<double>(strengths[right[g]]);
    }
    [[nodiscard]] double log_likelihood(std::size_t g) const {
        const auto q = static_cast<double>(won[g]);
        return static_cast<double>(weight[g]) * (q * log_sigmoid(advantage(g)) + (1 - q) * log_sigmoid(-advantage(g)));
    }
};

template <class Real> inline constexpr double game_tolerance = std::is_same_v<Real, double> ? 1e-13 : 1e-5;

template <class Real> void check_games(const game_example<Real>& e) {
    CAPTURE(e.left.size());
    const device_array<Real> strengths(e.strengths), won(e.won), weight(e.weight), values(e.won);
    const device_array<std::uint32_t> left(e.left), right(e.right);
    const cuda::game_sum_room room;
    cuda::game_statistics<Real>(strengths.data(), {e.left.size(), left.data(), right.data(), won.data(), weight.data()},
                                values.data(), room, nullptr);
    const cuda::game_report found = cuda::read_game_sums(e.left.size(), room, nullptr);
    cuda::game_report wanted;
    const std::vector<Real> of_games = values.values();
    for (std::size_t g = 0; g < e.left.size(); ++g) {
        const double value = e.log_likelihood(g), x = e.advantage(g), lean = static_cast<double>(e.won[g]) - 0.5;
        CHECK(static_cast<double>(of_games[g]) == doctest::Approx(value).epsilon(game_tolerance<Real>));
        wanted.log_likelihood += value;
        wanted.weight += static_cast<double>(e.weight[g]);
        wanted.decided += lean != 0;
        wanted.correct += lean * x > 0;
        wanted.equal += lean != 0 && x == 0;
    }
    CHECK(found.log_likelihood == doctest::Approx(wanted.log_likelihood).epsilon(game_tolerance<Real>));
    CHECK(found.weight == doctest::Approx(wanted.weight).epsilon(1e-13));
    CHECK(found.decided == wanted.decided);
    CHECK(found.correct == wanted.correct);
    CHECK(found.equal == wanted.equal);
}

template <class Real> void check_items(const game_example<Real>& e) {
    CAPTURE(e.items);
    const cuda::item_games<Real> by = cuda::games_by_item<Real>(e.items, e.left, e.right, e.won, e.weight);
    const device_array<Real> strengths(e.strengths), won(by.won), weight(by.weight), gradient(e.strengths),
        curvature(e.strengths);
    const device_array<std::uint32_t> begins(by.begins), opponents(by.opponents);
    cuda::item_statistics<Real>(strengths.data(), {e.items, begins.data(), opponents.data(), won.data(), weight.data()},
                                gradient.data(), curvature.data(), nullptr);
    std::vector<double> slope(e.items), bend(e.items), size(e.items);
    for (std::size_t g = 0; g < e.left.size(); ++g) {
        const double p = sigmoid(e.advantage(g)), w = static_cast<double>(e.weight[g]);
        const double d = w * (static_cast<double>(e.won[g]) - p), b = w * p * (1 - p);
        slope[e.left[g]] += d;
        slope[e.right[g]] -= d;
        for (const std::uint32_t item : {e.left[g], e.right[g]}) {
            bend[item] += b;
            size[item] += w;
        }
    }
    for (std::size_t i = 0; i < e.items; ++i) {
        CHECK(std::abs(static_cast<double>(gradient.values()[i]) - slope[i]) <= game_tolerance<Real> * size[i]);
        CHECK(std::abs(static_cast<double>(curvature.values()[i]) - bend[i]) <= game_tolerance<Real> * size[i]);
    }
}

} // namespace

TEST_CASE("Log-likelihoods, accuracy and sums of games, ties among them") {
    emulator::for_schedules(10, [](std::uint64_t seed) {
        const std::size_t games[] = {1, 31, 128, 129, 300};
        check_games(game_example<float>(7, games[seed % 5]));
        check_games(game_example<double>(2, games[seed % 5], 20));
    });
    game_example<double> level(5, 40, 0); // all are equally strong
    check_games(level);
    CHECK(std::isnan(cuda::game_report{}.accuracy()));
    CHECK(cuda::game_report{.decided = 4, .correct = 1, .equal = 2}.accuracy() == 0.5);
}

TEST_CASE("Gradient and curvature by items, in the order of their games") {
    emulator::for_schedules(10, [](std::uint64_t seed) {
        const std::size_t items[] = {2, 3, 4, 5, 33};
        check_items(game_example<float>(items[seed % 5], 200)); // some more than 32 games an item
        check_items(game_example<double>(items[seed % 5], 21, 10));
    });
    check_items(game_example<double>(9, 0)); // zeros
    std::vector<float> first;
    const game_example<float> e(4, 300);
    emulator::for_schedules(10, [&](std::uint64_t) {
        const cuda::item_games<float> by = cuda::games_by_item<float>(4, e.left, e.right, e.won, {});
        const device_array<float> strengths(e.strengths), won(by.won), gradient(e.strengths);
        const device_array<std::uint32_t> begins(by.begins), opponents(by.opponents);
        cuda::item_statistics<float>(strengths.data(), {4, begins.data(), opponents.data(), won.data(), nullptr},
                                     gradient.data(), nullptr, nullptr);
        if (first.empty()) first = gradient.values();
        CHECK(gradient.values() == first);
    });
}

TEST_CASE("A fit by steps of the device's gradient over its curvature reaches the shares that were won") {
    // Two items: the maximum of the likelihood is where sigma(x) is the share, 3/4.
    const std::vector<std::uint32_t> left{0, 0, 1, 0}, right{1, 1, 0, 1};
    const std::vector<double> won{1, 1, 1, 1};
    const cuda::item_games<double> by = cuda::games_by_item<double>(2, left, right, won, {});
    const device_array<double> shares(by.won);
    const device_array<std::uint32_t> begins(by.begins), opponents(by.opponents);
    std::vector<double> theta(2);
    for (int step = 0; step < 60; ++step) {
        const device_array<double> strengths(theta), gradient(theta), curvature(theta);
        cuda::item_statistics<double>(strengths.data(), {2, begins.data(), opponents.data(), shares.data(), nullptr},
                                      gradient.data(), curvature.data(), nullptr);
        for (std::size_t i = 0; i < 2; ++i) theta[i] += gradient.values()[i] / curvature.values()[i] / 2;
    }
    CHECK(theta[0] - theta[1] == doctest::Approx(std::log(3.0)).epsilon(1e-12));
}

TEST_CASE("Games that fit no table are refused") {
    const std::vector<std::uint32_t> left{0, 1}, right{1, 2};
    const auto said = [&](std::size_t items, std::vector<double> won, std::vector<double> weight) -> std::string {
        try {
            (void)cuda::games_by_item<double>(items, left, right, won, weight);
        } catch (const argument_error& failure) {
            return failure.what();
        }
        return "nothing";
    };
    CHECK(said(3, {}, {}) == "nothing");
    CHECK(said(2, {}, {}) == "game 1: items 1 and 2, expected two of 2");
    CHECK(said(3, {1}, {}) == "columns of games differ: 2 left items, 2 right items, 1 shares, 0 weights");
    CHECK(said(3, {1, 2}, {}) == "game 1: the share is 2, a number in [0, 1] was expected");
    CHECK(said(3, {}, {-1, 1}) == "game 0: the weight is -1, a number that is not negative was expected");
    CHECK_THROWS_AS((void)cuda::games_by_item<double>(3, left, left, {}, {}), argument_error);
}

namespace {

/// Of n games of m items: two items, a share and a weight a game, its log-likelihood, the strengths (asked for twice a
/// game), and of every block its 5 sums, written and read by the last one, and the count of blocks.
template <class Real> test::moved_bytes game_traffic(std::size_t items, std::size_t n) {
    const std::size_t blocks = cuda::blocks_of_sums(n), sums = 8 * cuda::game_sums,
                      moved = n * (8 + 3 * sizeof(Real)) + 2 * blocks * sums + sums;
    return {moved + items * sizeof(Real) + 8, moved + 2 * n * sizeof(Real) + 8 * blocks + 4};
}
/// Two entries a game: opponent, share, weight, and the opponent's strength from the cache; of an item its begin, its
/// strength (asked for by all lanes) and two results.
template <class Real> test::moved_bytes item_traffic(std::size_t items, std::size_t n) {
    const std::size_t entries = 2 * n * (4 + 2 * sizeof(Real)), results = 2 * items * sizeof(Real);
    return {entries + results + 4 * (items + 1) + items * sizeof(Real),
            entries + results + 2 * n * sizeof(Real) + items * 32 * (8 + sizeof(Real))};
}

} // namespace

TEST_CASE("The kernels of games move what their formulas say") {
    // So few items that their strengths are two sectors: of a large table a gathered strength is a sector of its own.
    const game_example<float> e(16, 4096);
    const cuda::item_games<float> by = cuda::games_by_item<float>(16, e.left, e.right, e.won, e.weight);
    const device_array<float> strengths(e.strengths), won(e.won), weight(e.weight), values(e.won), entries_won(by.won),
        entries_weight(by.weight), gradient(e.strengths), curvature(e.strengths);
    const device_array<std::uint32_t> left(e.left), right(e.right), begins(by.begins), opponents(by.opponents);
    const cuda::game_sum_room room;
    test::check_traffic("game_statistics, 4096 games, float", game_traffic<float>(16, 4096), [&] {
        cuda::game_statistics<float>(strengths.data(), {4096, left.data(), right.data(), won.data(), weight.data()},
                                     values.data(), room, nullptr);
    });
    test::check_traffic("item_statistics, 4096 games, float", item_traffic<float>(16, 4096), [&] {
        cuda::item_statistics<float>(strengths.data(),
                                     {16, begins.data(), opponents.data(), entries_won.data(), entries_weight.data()},
                                     gradient.data(), curvature.data(), nullptr);
    });
}
