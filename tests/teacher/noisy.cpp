#include <cmath>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/teacher/from_reward.hpp>
#include <preflearn/teacher/longer.hpp>
#include <preflearn/teacher/noisy.hpp>

#include "domains.hpp"

using namespace preflearn;
using test::item_pair;

namespace {

const auto larger = reward_teacher{[](no_prompt, int item) { return item; }};
const auto by_margin = [](const preference& said) { return sigmoid(-std::abs(said.margin().value_or(0))); };

/// The share of pairs with items (a, b) that the teacher gives to `second`.
template <class T> std::size_t seconds(const T& teacher, int a, int b, std::size_t draws) {
    std::size_t count = 0;
    for (std::uint64_t id = 0; id < draws; ++id) count += teacher(item_pair{id, {}, a, b}).decision() == choice::second;
    return count;
}

static_assert(Teacher<decltype(noisy{larger, 0.2, 1}), item_pair>);
static_assert(Teacher<noisy<longer_response<>>, test::forum_pair> &&
              Teacher<noisy<longer_response<>>, token_comparison>);
static_assert(Teacher<decltype(noisy{larger, by_margin, 1}), item_pair>);
static_assert(!Teacher<noisy<longer_response<>>, item_pair>);

} // namespace

TEST_CASE("verdicts flip at the rate") {
    constexpr std::size_t draws = 20000;
    for (const double rate : {0.05, 0.25, 0.5, 0.9})
        CHECK(test::consistent(seconds(noisy{larger, rate, 3}, 4, 1, draws), draws, rate));
    CHECK(seconds(noisy{larger, 0.0, 3}, 4, 1, 500) == 0);
    CHECK(seconds(noisy{larger, 1.0, 3}, 4, 1, 500) == 500);
}

TEST_CASE("noise twice is noise at the rate a (1 − b) + b (1 − a), for independent seeds") {
    constexpr std::size_t draws = 20000;
    const auto once = noisy{larger, 0.2, 1};
    CHECK(test::consistent(seconds(noisy{once, 0.3, 2}, 4, 1, draws), draws, 0.2 * 0.7 + 0.3 * 0.8));
    CHECK(seconds(noisy{once, 0.2, 1}, 4, 1, draws) == 0); // the same seed is the same noise and undoes it
}

TEST_CASE("a rate that depends on the margin makes a Bradley-Terry annotator of a hard teacher") {
    constexpr std::size_t draws = 20000;
    for (const int gap : {1, 2, 4})
        CHECK(test::consistent(seconds(noisy{larger, by_margin, 5}, gap, 0, draws), draws, sigmoid(-1.0 * gap)));
}

TEST_CASE("a flip mirrors the whole verdict; ties and abstentions stay") {
    const auto always = noisy{reward_teacher{[](no_prompt, int item) { return item; }, soft_label{2}}, 1.0, 1};
    CHECK(test::same(always(item_pair{1, {}, 3, 1}), preference::from_margin(-1)));
    CHECK(always(item_pair{1, {}, 2, 2}).decision() == choice::tie);
    const auto silent = [](const item_pair&) { return preference::abstention(); };
    CHECK(noisy{silent, 1.0, 1}(item_pair{}).abstained());
}

TEST_CASE("swapping the responses mirrors the verdict; order and threads change nothing") {
    const auto items = test::item_pairs(400);
    CHECK(test::mirror_faults(noisy{larger, 0.3, 7}, items) == 0);
    CHECK(test::mirror_faults(noisy{larger, by_margin, 7}, items) == 0);
    CHECK(test::mirror_faults(noisy{longer_response{}, 0.4, 7}, test::forum_pairs(400)) == 0);
    CHECK(test::batch_agrees(noisy{larger, 0.3, 7}, items));
    CHECK(test::batch_agrees(noisy{larger, by_margin, 7}, items));
}

TEST_CASE("the teacher inside is asked in one batch, referred to or owned") {
    struct counting {
        int* batches;
        preference operator()(const item_pair&) const { return 1.0; }
        [[nodiscard]] std::vector<preference> preferences(std::span<const item_pair> pairs) const {
            ++*batches;
            return std::vector<preference>(pairs.size(), 1.0);
        }
    };
    int batches = 0;
    const auto items = test::item_pairs(30);
    std::optional<counting> gone(counting{&batches});
    const noisy owner{std::move(*gone), 0.5, 1};
    gone.reset();
    CHECK(preferences(owner, std::span<const item_pair>(items)).size() == 30);
    CHECK(batches == 1);
    static_assert(
        std::is_same_v<decltype(noisy{larger, 0.5, 1}), noisy<std::remove_const_t<decltype(larger)>, double>>);
    static_assert(std::is_same_v<decltype(noisy{std::cref(larger), 0.5, 1}), noisy<decltype(larger)&, double>>);
}

TEST_CASE("a rate that is no probability is refused, given or computed") {
    for (const double rate : {-0.1, 1.1, std::nan("")}) {
        CHECK_THROWS_AS(noisy(larger, rate, 1), argument_error);
        const noisy computed{larger, [rate](const preference&) { return rate; }, 1};
        CHECK_THROWS_AS((void)computed(item_pair{1, {}, 3, 1}), argument_error);
    }
}
