#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/labels/triads.hpp>
#include <preflearn/core/numbers/random.hpp>

using namespace preflearn;

namespace {

triad_result analyse(const std::vector<double>& wins, std::size_t n) { return analyse_triads({wins.data(), n, n}); }

} // namespace

TEST_CASE("triads are those of the definition, with undecided pairs") {
    generator random(4, "triads");
    for (const std::size_t n : std::vector<std::size_t>{3, 4, 9, 70}) {
        std::vector<double> wins(n * n);
        for (double& w : wins) w = static_cast<double>(random.below(4));
        std::uint64_t cyclic = 0, transitive = 0, undecided = 0;
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < i; ++j) {
                for (std::size_t k = 0; k < j; ++k) {
                    const auto beats = [&](std::size_t a, std::size_t b) { return wins[a * n + b] > wins[b * n + a]; };
                    const auto tied = [&](std::size_t a, std::size_t b) { return wins[a * n + b] == wins[b * n + a]; };
                    if (tied(i, j) || tied(j, k) || tied(i, k)) {
                        ++undecided;
                    } else {
                        ++(beats(i, j) == beats(j, k) && beats(j, k) == beats(k, i) ? cyclic : transitive);
                    }
                }
            }
        }
        const triad_result found = analyse(wins, n);
        CHECK(found.cyclic == cyclic);
        CHECK(found.transitive == transitive);
        CHECK(found.undecided == undecided);
    }
}

TEST_CASE("ζ is 1 for a ranking, 0 for the most cyclic tournament, and follows from the scores") {
    for (const std::size_t n : std::vector<std::size_t>{5, 6, 9, 12}) {
        std::vector<double> ranking(n * n), cyclic(n * n);
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
                if (i < j) ranking[i * n + j] = 1;
                const std::size_t ahead = (j + n - i) % n; // i beats the next half of the circle
                if (i != j && (2 * ahead < n || (2 * ahead == n && i < j))) cyclic[i * n + j] = 1;
            }
        }
        CHECK(analyse(ranking, n).zeta.value == 1);
        CHECK(analyse(ranking, n).transitivity.value == 1);
        CHECK(analyse(cyclic, n).zeta.value == doctest::Approx(0));
        double squares = 0; // d = n(n - 1)(2n - 1)/12 - Σ a²/2
        for (std::size_t i = 0; i < n; ++i) {
            double score = 0;
            for (std::size_t j = 0; j < n; ++j) score += cyclic[i * n + j];
            squares += score * score;
        }
        const auto size = static_cast<double>(n);
        CHECK(static_cast<double>(analyse(cyclic, n).cyclic) ==
              doctest::Approx(size * (size - 1) * (2 * size - 1) / 12 - squares / 2));
    }
}

TEST_CASE("few items, undecided pairs and bad weights") {
    CHECK(analyse({}, 0).zeta.status == estimate_status::empty);
    CHECK(analyse({0, 1, 0, 0}, 2).zeta.status == estimate_status::too_few);
    const std::vector<double> undecided(9, 0.0);
    CHECK(analyse(undecided, 3).zeta.status == estimate_status::not_applicable);
    CHECK(analyse(undecided, 3).transitivity.status == estimate_status::too_few);
    CHECK_THROWS_WITH_AS(analyse({0, -1, 0, 0}, 2), doctest::Contains("wins(0, 1)"), argument_error);
    CHECK_THROWS_AS(analyse({0, std::nan(""), 0, 0}, 2), argument_error);
    const std::vector<double> wide(6);
    CHECK_THROWS_AS(analyse_triads({wide.data(), 2, 3}), argument_error);
}
