// Ratings and a loss by name from the compiled twin: this file holds none of their code.
#include <cstdint>
#include <cstdio>
#include <vector>

#include <preflearn/compiled/losses.hpp>
#include <preflearn/compiled/ratings.hpp>

int main() {
    const std::vector<std::uint32_t> left{0, 1, 2, 0}, right{1, 2, 0, 2};
    const std::vector<preflearn::game_result> results(4, preflearn::game_result::left);
    const auto report = preflearn::rate_games({3, left, right, results, {}});
    const std::vector<double> chosen{1}, rejected{0};
    const auto loss = preflearn::loss_named("bradley_terry", {});
    std::printf("%zu %.4f\n", report.scores.size(), loss({.chosen = chosen, .rejected = rejected}, {}).loss);
}
