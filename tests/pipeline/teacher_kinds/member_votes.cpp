#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/pipeline/teacher_kinds/member_votes.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

/// Votes of members that are right so often, about pairs of which the first response is the better one or not.
std::vector<std::vector<int>> drawn_votes(const std::vector<double>& right, std::size_t pairs) {
    generator random(4, "votes");
    std::vector<std::vector<int>> all(pairs);
    for (std::vector<int>& pair : all) {
        const int truth = random.bernoulli(0.5) ? 1 : -1;
        for (const double share : right) pair.push_back(random.bernoulli(share) ? truth : -truth);
    }
    return all;
}

} // namespace

TEST_CASE("a vote is the sign of a margin, or of a verdict that has none") {
    CHECK(vote_of({.scores = {2, 1}}) == 1);
    CHECK(vote_of({.scores = {1, 1}}) == 0);
    CHECK(vote_of({.verdict = preference::for_second()}) == -1);
    CHECK(vote_of({.verdict = preference::tied()}) == 0);
    CHECK(vote_of({.verdict = preference::abstention()}) == 0);
    CHECK(vote_of({.scores = {2, 1}, .unfit = left_out_pair{}}) == 0);
}

TEST_CASE("members' reliabilities are found from their votes alone") {
    const std::vector<double> right{0.9, 0.75, 0.75, 0.6, 0.3};
    const member_reliabilities found = fit_reliabilities(drawn_votes(right, 4000), right.size());
    CHECK(found.pairs == 4000);
    for (std::size_t m = 0; m < right.size(); ++m) CHECK(std::abs(found.right[m] - right[m]) < 0.03);
    const std::vector<int> votes{1, -1, 0, 0, -1}; // the last member is wrong more often than right
    const double sum = std::log(found.right[0] / (1 - found.right[0])) -
                       std::log(found.right[1] / (1 - found.right[1])) -
                       std::log(found.right[4] / (1 - found.right[4]));
    CHECK(weighted_votes(votes, found.right) == doctest::Approx(sum));
    CHECK(sum > 1);
}

TEST_CASE("responses in the other order have the same reliabilities, to the last bit, and none is certain") {
    auto votes = drawn_votes({1, 1, 1}, 20);
    const member_reliabilities found = fit_reliabilities(votes, 3);
    for (const double right : found.right) CHECK(right == doctest::Approx(21.0 / 22).epsilon(0.02));
    for (std::vector<int>& pair : votes)
        for (int& vote : pair) vote = -vote;
    CHECK(fit_reliabilities(votes, 3).right == found.right);
    CHECK(test::contains(test::error_of([&] { (void)fit_reliabilities(votes, 2); }), "need three members"));
    CHECK(test::contains(test::error_of([] {
                             (void)fit_reliabilities(std::vector<std::vector<int>>{{0, 0, 0}}, 3);
                         }),
                         "vote on none"));
}
