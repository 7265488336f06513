#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <vector>

#include <preflearn/programs/evaluating/evaluator_panel.hpp>

using namespace preflearn;

namespace {

std::vector<prompt_win> wins_by_margin(const std::vector<double>& margins) {
    std::vector<prompt_win> wins;
    for (const double margin : margins)
        wins.push_back({.win = margin > 0 ? 1.0 : margin < 0 ? 0.0 : 0.5, .margin = margin});
    return wins;
}

student_win with_rate(std::size_t ours, std::size_t theirs, double rate) {
    student_win win{.ours = ours, .theirs = theirs};
    win.win_rate = {rate, 0.1, {rate - 0.2, rate + 0.1}, 5, estimate_status::ok};
    return win;
}

} // namespace

TEST_CASE("two evaluators on the comparisons that both judge") {
    std::vector<prompt_win> a = wins_by_margin({1, 2, -1, 0, 3, -2}), b = wins_by_margin({2, 3, 1, 1, 4, -1});
    b[5] = {};
    const std::vector<std::vector<std::vector<prompt_win>>> by{{a}, {b}};
    const std::vector<std::vector<student_win>> results{{with_rate(0, 1, 0.6)}, {with_rate(0, 1, 0.4)}};
    const std::vector<std::size_t> clusters{0, 1, 2, 3, 4, 5};
    const evaluator_panel panel = panel_of(by, results, clusters, 2, 0.95);
    REQUIRE(panel.pairs.size() == 1);
    const evaluator_pair& pair = panel.pairs[0];
    CHECK(pair.comparisons == 5);
    CHECK(pair.disagreement.value == 0.25);                            // of four that both decide
    CHECK(pair.kendall.value == doctest::Approx(9 / std::sqrt(90.0))); // scipy.stats.kendalltau
    CHECK(pair.students.value == -1);
    REQUIRE(panel.worst.size() == 2);
    CHECK(panel.worst[0].win_rate.value == 0.4);
    CHECK(panel.worst[0].evaluator == 1);
    CHECK(panel.worst[1].ours == 1);
    CHECK(panel.worst[1].win_rate.value == doctest::Approx(0.4));
    CHECK(panel.worst[1].win_rate.bounds.low == doctest::Approx(0.3));
}

TEST_CASE("an evaluator agrees with itself, and one alone is no panel") {
    const std::vector<prompt_win> a = wins_by_margin({1, 2, -1, 0, 3, -2});
    const std::vector<std::vector<std::vector<prompt_win>>> by{{a}, {a}};
    const std::vector<std::vector<student_win>> results{{with_rate(0, 1, 0.6)}, {with_rate(0, 1, 0.6)}};
    const std::vector<std::size_t> clusters{0, 1, 2, 3, 4, 5};
    const evaluator_pair pair = panel_of(by, results, clusters, 2, 0.95).pairs[0];
    CHECK(pair.disagreement.value == 0);
    CHECK(pair.kappa.value == 1);
    CHECK(pair.spearman.value == 1);
    CHECK(panel_of(std::span(by).first(1), std::span(results).first(1), clusters, 2, 0.95).pairs.empty());
}
