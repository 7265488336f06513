#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include <preflearn/compiled/ratings.hpp>

using namespace preflearn;

TEST_CASE("compiled ratings are Bradley and Terry's") {
    const std::vector<item_id> left{0, 0, 0}, right{1, 1, 1};
    const std::vector<game_result> results{game_result::left, game_result::left, game_result::right};
    const rating_report report = rate_games({2, left, right, results, {}});
    CHECK(report.scores[0] - report.scores[1] == doctest::Approx(std::log(2.0)));
}
