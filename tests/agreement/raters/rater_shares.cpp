#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/raters/rater_shares.hpp>

using namespace preflearn;

TEST_CASE(
    "each rater's shares sum to one over the categories that the rater used, units counted as often as they are") {
    rating_counts ratings(3, 4);
    const std::vector<given_rating> both{{0, 1}, {2, 3}}, alone{{2, 0}};
    ratings.add_given(both, 3);
    ratings.add_given(alone);
    const detail::rater_shares shares = detail::shares_of_raters(ratings);
    CHECK(shares.rated == std::vector<double>{3, 0, 4});
    REQUIRE(shares.of(0).size() == 1);
    CHECK(shares.of(0)[0].second == 1);
    CHECK(shares.of(1).empty());
    REQUIRE(shares.of(2).size() == 2);
    CHECK(shares.of(2)[0].second == 0.25);
    CHECK(shares.of(2)[1].second == 0.75);
    CHECK(shares.place({2, 3}) == 2);

    const auto sum = detail::sum_of_shares(shares);
    REQUIRE(sum.size() == 3);
    CHECK(sum[1].first == 1);
    double all = 0;
    for (const auto& [k, share] : sum) all += share;
    CHECK(all == 2); // raters with ratings
}
