#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/raters/repeats.hpp>

using namespace preflearn;

TEST_CASE("a judge's consistency over repeats") {
    rating_counts repeats(5, 2); // five repeats, two answers
    repeats.add(std::vector<category>{0, 0, 0, 0, 0});
    repeats.add(std::vector<category>{1, 0, 0, 1, 0}); // 3 of 5; 4 of 10 pairs agree
    repeats.add(std::vector<category>{1, 1, no_rating, no_rating, 0});
    repeats.add(std::vector<category>{1, no_rating, no_rating, no_rating, no_rating}); // asked once
    const repeat_consistency c = consistency_of_repeats(repeats);
    CHECK(c.self_agreement.value == doctest::Approx((1 + 0.4 + 1.0 / 3) / 3));
    CHECK(c.flip_rate.value == doctest::Approx(1 - c.self_agreement.value));
    CHECK(c.flip_rate.bounds.high == doctest::Approx(1 - c.self_agreement.bounds.low));
    CHECK(c.ever_flipped.value == doctest::Approx(2.0 / 3));
    CHECK(c.majority_share.value == doctest::Approx((1 + 0.6 + 2.0 / 3) / 3));
    const std::vector<double> shares{1, 0.6, 2.0 / 3};
    CHECK(c.majority_share.standard_error == doctest::Approx(mean_estimate(shares).standard_error));
    CHECK(c.majority_share.count == 3);
}

TEST_CASE("which answer is called which changes nothing, and merged shards are the whole") {
    rating_counts a(3, 2), b(3, 2), flipped(3, 2);
    for (int i = 0; i < 20; ++i) {
        const std::vector<category> row{i % 2, i % 3 == 0 ? 1 : 0, 1};
        (i < 7 ? a : b).add(row);
        flipped.add(std::vector<category>{1 - row[0], 1 - row[1], 1 - row[2]});
    }
    a += b;
    CHECK(consistency_of_repeats(a).majority_share.value ==
          doctest::Approx(consistency_of_repeats(flipped).majority_share.value));
    CHECK(consistency_of_repeats(a).self_agreement.value ==
          doctest::Approx(consistency_of_repeats(flipped).self_agreement.value));
}

TEST_CASE("a judge that never varies is fully consistent; one asked once has no consistency") {
    rating_counts same(4, 2), once(1, 2);
    same.add(std::vector<category>{1, 1, 1, 1}, 9);
    once.add(std::vector<category>{1}, 9);
    CHECK(consistency_of_repeats(same).majority_share.value == 1);
    CHECK(consistency_of_repeats(same).ever_flipped.value == 0);
    CHECK(consistency_of_repeats(once).majority_share.status == estimate_status::too_few);
    CHECK(consistency_of_repeats(rating_counts(2, 2)).flip_rate.status == estimate_status::empty);
}
