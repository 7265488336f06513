#include <doctest/doctest.h>

#include <preflearn/teacher/random.hpp>

#include "domains.hpp"

using namespace preflearn;

static_assert(Teacher<random_teacher, test::forum_pair> && Teacher<random_teacher, test::item_pair>);
static_assert(Teacher<random_teacher, token_comparison>);

TEST_CASE("each response is named half of the time, and two seeds agree half of the time") {
    constexpr std::size_t draws = 20000;
    std::size_t first = 0, agree = 0;
    for (std::uint64_t id = 0; id < draws; ++id) {
        const token_comparison c{.id = id};
        first += random_teacher{1}(c).decision() == choice::first;
        agree += random_teacher{1}(c) == random_teacher{2}(c);
    }
    CHECK(test::consistent(first, draws, 0.5));
    CHECK(test::consistent(agree, draws, 0.5));
}

TEST_CASE("the verdict belongs to seed and id: order and threads change nothing") {
    CHECK(test::batch_agrees(random_teacher{3}, test::item_pairs(500)));
    const auto pairs = test::forum_pairs(50);
    for (const auto& c : pairs)
        CHECK(random_teacher{3}(c) == random_teacher{3}(token_comparison{.id = std::uint64_t(c.id)}));
}

TEST_CASE("it names a position, as documented: a swapped pair gets the same verdict") {
    for (const auto& c : test::item_pairs(100)) CHECK(random_teacher{4}(test::swapped(c)) == random_teacher{4}(c));
}
