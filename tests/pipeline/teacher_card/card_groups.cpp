#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

#include <preflearn/pipeline/teacher_card/card_groups.hpp>

#include "card_subjects.hpp"

using namespace preflearn;

TEST_CASE("groups have nearly equal counts, and equal values share one") {
    CHECK(equal_groups(std::vector<double>{1, 2, 3, 4, 5}, 2) == std::vector<std::size_t>{0, 2, 5});
    CHECK(equal_groups(std::vector<double>{1, 2, 2, 2, 3}, 2) == std::vector<std::size_t>{0, 4, 5});
    CHECK(equal_groups(std::vector<double>{7, 7}, 5) == std::vector<std::size_t>{0, 2});
    CHECK(equal_groups(std::vector<double>{}, 3) == std::vector<std::size_t>{0});
}

TEST_CASE("accuracy by category with Holm's correction, by hand") {
    card_subject subject{.pairs = {}, .category_field = "kind", .categories = {"good", "poor", "empty"}};
    for (std::size_t i = 0; i < 12; ++i)
        subject.pairs.push_back({.prompt = i,
                                 .said = preference::for_first(),
                                 .gold = i < 6 || i == 6 ? preference::for_first() : preference::for_second(),
                                 .category = i < 6 ? std::size_t{0} : std::size_t{1}});
    const std::vector<card_group> groups = groups_by_category(subject);
    REQUIRE(groups.size() == 3);
    CHECK(groups[0].accuracy.value == 1);
    CHECK(groups[0].p == doctest::Approx(2.0 / 64));
    CHECK(groups[0].adjusted_p == doctest::Approx(4.0 / 64));
    CHECK(groups[1].accuracy.value == doctest::Approx(1.0 / 6));
    CHECK(groups[1].p == doctest::Approx(14.0 / 64)); // 2 (1 + 6) / 2^6
    CHECK(groups[1].adjusted_p == groups[1].p);
    CHECK(groups[2].pairs == 0);
    CHECK_FALSE(groups[2].accuracy.defined());
}

TEST_CASE("groups by margin and by length leave nothing out that has them, and rise") {
    const card_subject subject = test::honest_subject(200);
    for (const auto& groups : {groups_by_margin(subject.pairs, 5), groups_by_length(subject.pairs, 5),
                               groups_by_gold_margin(subject.pairs, 5)}) {
        std::size_t pairs = 0;
        for (std::size_t g = 0; g < groups.size(); ++g) {
            pairs += groups[g].pairs;
            CHECK(groups[g].low <= groups[g].mean);
            CHECK(groups[g].mean <= groups[g].high);
            if (g > 0) CHECK(groups[g - 1].high < groups[g].low);
        }
        CHECK(pairs == 200);
    }
    CHECK(groups_by_gold_margin(subject.pairs, 5).size() == 2); // margins of 1 and 2 alone
    const auto by_margin = groups_by_margin(subject.pairs, 2);
    CHECK(by_margin[1].accuracy.value > by_margin[0].accuracy.value);
}
