// Ratings in one call.
#include <cstdint>
#include <cstdio>
#include <vector>

#include <preflearn/ranking/rate/rate.hpp>

int main() {
    const std::vector<std::uint32_t> left{0, 1, 2, 0}, right{1, 2, 0, 2};
    const std::vector<preflearn::game_result> results(4, preflearn::game_result::left);
    const auto report = preflearn::rate_games(preflearn::game_list{3, left, right, results, {}});
    std::printf("%d\n", static_cast<int>(report.fit.status));
}
