#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/data/selection/split.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

using pairs_of_texts = std::vector<comparison<std::string>>;

/// Ids are not indices, prompts come `of_a_prompt` times, apart from each other.
pairs_of_texts made(std::size_t count, std::size_t of_a_prompt = 1) {
    pairs_of_texts all;
    const std::size_t prompts = (count + of_a_prompt - 1) / of_a_prompt;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string id = std::to_string(1000 - i);
        all.push_back({1000 - i, "prompt " + std::to_string(i % prompts), "first of " + id, "second of " + id});
    }
    return all;
}

auto split_of(const pairs_of_texts& all, const split_options& options, const label_set& labels = {}) {
    return split_preferences(std::span<const comparison<std::string>>(all), labels, options);
}

std::vector<std::uint64_t> ids_of(const pairs_of_texts& part) {
    std::vector<std::uint64_t> ids;
    for (const auto& pair : part) ids.push_back(pair.id);
    return ids;
}

} // namespace

TEST_CASE("parts have the sizes asked for, are disjoint, and share no prompt") {
    for (const std::size_t of_a_prompt : {1U, 2U, 5U}) {
        const pairs_of_texts all = made(300, of_a_prompt);
        const auto parts = split_of(all, {.labelled = 40, .unlabelled = 160, .test = 60, .seed = 3});
        CHECK(parts.labelled.size() == 40);
        CHECK(parts.unlabelled.size() == 160);
        CHECK(parts.test.size() == 60);
        std::set<std::uint64_t> ids;
        std::map<std::string, int> part_of_prompt;
        int number = 0;
        for (const auto* part : {&parts.labelled, &parts.unlabelled, &parts.test}) {
            ++number;
            for (const auto& pair : *part) {
                CHECK(ids.insert(pair.id).second);
                CHECK(part_of_prompt.try_emplace(pair.prompt, number).first->second == number);
            }
        }
    }
}

TEST_CASE("a split depends on the seed and the pairs, not on their order") {
    pairs_of_texts all = made(210, 3);
    const split_options options{.labelled = 30, .unlabelled = 90, .test = 33, .seed = 11};
    const auto before = split_of(all, options);
    generator(1).shuffle(std::span(all));
    const auto after = split_of(all, options);
    CHECK(ids_of(before.labelled) == ids_of(after.labelled));
    CHECK(ids_of(before.unlabelled) == ids_of(after.unlabelled));
    CHECK(ids_of(before.test) == ids_of(after.test));
    CHECK(before.test.front().first == after.test.front().first);
    const auto other = split_of(all, {.labelled = 30, .unlabelled = 90, .test = 33, .seed = 12});
    CHECK(ids_of(before.labelled) != ids_of(other.labelled));
    // Frozen, from another implementation of the generator: the same on every machine and in every later version.
    const auto small = split_of(made(10), {.labelled = 2, .unlabelled = 3, .test = 2, .seed = 7});
    CHECK(ids_of(small.test) == std::vector<std::uint64_t>{999, 995});
    CHECK(ids_of(small.labelled) == std::vector<std::uint64_t>{997, 1000});
    CHECK(ids_of(small.unlabelled) == std::vector<std::uint64_t>{996, 991, 993});
    CHECK(small.labelled[0].first == "first of 997");
    CHECK(small.labelled[1].first == "second of 1000");
}

TEST_CASE("other sizes leave the test part alone, and a smaller labelled part begins a larger one") {
    const pairs_of_texts all = made(200);
    const auto small = split_of(all, {.labelled = 10, .unlabelled = 50, .test = 20});
    const auto large = split_of(all, {.labelled = 50, .unlabelled = 130, .test = 20});
    CHECK(ids_of(small.test) == ids_of(large.test));
    const auto some = ids_of(small.labelled), more = ids_of(large.labelled);
    CHECK(std::ranges::equal(some, std::span(more).first(some.size())));
}

TEST_CASE("the responses come in a random order that the labels follow") {
    const pairs_of_texts all = made(1000);
    label_set labels;
    for (const auto& pair : all) {
        if (pair.id % 4 != 0) labels.add({pair.id, preference(0.75, 0.125).with_margin(2)});
    }
    labels.add({5000, preference::tied()}); // of no pair here
    const auto parts = split_of(all, {.labelled = 500, .unlabelled = 300, .test = 100, .seed = 5}, labels);
    std::size_t swapped = 0, unlabelled = 0, seen = 0;
    for (const auto* part : {&parts.labelled, &parts.unlabelled, &parts.test}) {
        for (const auto& pair : *part) {
            ++seen;
            const std::string id = std::to_string(pair.id);
            const bool swap = pair.first == "second of " + id;
            CHECK((swap ? pair.second : pair.first) == "first of " + id);
            CHECK(swap == is_swapped(5, pair.id));
            swapped += swap;
            const auto verdict = parts.labels.find(pair.id);
            unlabelled += !verdict;
            CHECK(verdict.has_value() == (pair.id % 4 != 0));
            if (verdict)
                CHECK(*verdict ==
                      (swap ? preference(0.125, 0.125) : preference(0.75, 0.125)).with_margin(swap ? -2 : 2));
        }
    }
    CHECK(parts.labels.size() == seen - unlabelled);
    CHECK(swapped > 400); // 450 ± 15 expected
    CHECK(swapped < 500);
    CHECK(std::ranges::count_if(
              all, [](const auto& pair) { return is_swapped(5, pair.id) != is_swapped(6, pair.id); }) > 400);
}

TEST_CASE("every pair may fall into every part") {
    const pairs_of_texts all = made(10);
    std::map<std::uint64_t, std::set<int>> parts_of;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const auto parts = split_of(all, {.labelled = 3, .unlabelled = 3, .test = 3, .seed = seed});
        int number = 0;
        for (const auto* part : {&parts.labelled, &parts.unlabelled, &parts.test}) {
            for (const auto& pair : *part) parts_of[pair.id].insert(number);
            ++number;
        }
    }
    for (const auto& pair : all) CHECK(parts_of[pair.id].size() == 3);
}

TEST_CASE("groups that do not fit are an error with numbers, or leave parts short by less than a group") {
    const pairs_of_texts all = made(99, 3);
    CHECK(test::error_of([&] { split_of(all, {.labelled = 10, .unlabelled = 30}); }) ==
          "groups of equal prompts (the largest has 3 pairs) fill the labelled part to 9 of 10 pairs; ask for another "
          "size, or set exact = false");
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const auto parts = split_of(all, {.labelled = 10, .unlabelled = 70, .test = 19, .seed = seed, .exact = false});
        CHECK(parts.labelled.size() == 9);
        CHECK(parts.unlabelled.size() == 69);
        CHECK(parts.test.size() == 18);
    }
    // Single pairs fill the gaps.
    pairs_of_texts mixed = made(100, 2);
    for (std::uint64_t id = 2000; id < 2100; ++id) mixed.push_back({id, std::to_string(id), "a", "b"});
    CHECK(split_of(mixed, {.labelled = 51, .unlabelled = 51, .test = 51}).unlabelled.size() == 51);
}

TEST_CASE("too few pairs and repeated ids are errors that name them") {
    const auto few = test::error_of([] { split_of(made(10), {.labelled = 5, .unlabelled = 4, .test = 2}); });
    CHECK(few == "a split into 5 labelled, 4 unlabelled and 2 test pairs needs more than the 10 given");
    CHECK_THROWS_AS(split_of(made(10), {.labelled = ~std::size_t{0}, .unlabelled = 2}), argument_error);
    pairs_of_texts twice = made(3);
    twice.push_back(twice[1]);
    CHECK(test::error_of([&] { split_of(twice, {}); }) == "two comparisons have the id 999");
    CHECK(split_of({}, {}).test.empty());
}

TEST_CASE("shares are sizes rounded down, and leave nothing over when they sum to one") {
    const auto sizes = sizes_of({.labelled = 0.1, .unlabelled = 0.7, .test = 0.2}, 1005, 9);
    CHECK(sizes.labelled == 100);
    CHECK(sizes.test == 201);
    CHECK(sizes.unlabelled == 704);
    CHECK(sizes.seed == 9);
    CHECK(!sizes.exact);
    const auto part = sizes_of({.labelled = 0.29, .unlabelled = 0.5}, 100);
    CHECK(part.labelled == 29); // 0.29 · 100 is just below 29 in doubles
    CHECK(part.unlabelled == 50);
    CHECK(part.test == 0);
    CHECK(sizes_of({.labelled = 1.0 / 3, .unlabelled = 1.0 / 3, .test = 1.0 / 3}, 10).unlabelled == 4);
    CHECK(split_of(made(10, 3), sizes_of({.labelled = 0.5, .unlabelled = 0.5}, 10)).labelled.size() <= 5);
    CHECK_THROWS_AS(sizes_of({.labelled = 0.6, .unlabelled = 0.5}, 10), argument_error);
    CHECK_THROWS_AS(sizes_of({.labelled = -0.1}, 10), argument_error);
    CHECK_THROWS_AS(sizes_of({.test = std::numeric_limits<double>::quiet_NaN()}, 10), argument_error);
}

TEST_CASE(
    "pairs that may only be held out never reach the other parts, and no prompt straddles parts because of them") {
    const pairs_of_texts all = made(120, 3);
    std::unordered_set<std::uint64_t> ties;
    for (const auto& pair : all)
        if (pair.id % 4 == 0) ties.insert(pair.id);
    const split_options options{.labelled = 20, .unlabelled = 40, .test = 30, .seed = 5, .exact = false};
    const auto parts = split_preferences(std::span<const comparison<std::string>>(all), {}, options, ties);
    std::set<std::string> tested;
    std::size_t held = 0;
    for (const auto& pair : parts.test) {
        tested.insert(pair.prompt);
        held += ties.contains(pair.id);
    }
    CHECK(held > 0);
    CHECK(ids_of(parts.test) == ids_of(split_of(all, options).test)); // the test part is that of all pairs
    for (const auto* part : {&parts.labelled, &parts.unlabelled}) {
        CHECK(part->size() > 15);
        for (const auto& pair : *part) {
            CHECK(!ties.contains(pair.id));
            CHECK(!tested.contains(pair.prompt));
        }
    }
    CHECK(ids_of(split_preferences(std::span<const comparison<std::string>>(all), {}, options, {}).unlabelled) ==
          ids_of(split_of(all, options).unlabelled));
    const split_options many{.labelled = 50, .unlabelled = 50, .exact = false};
    CHECK(test::error_of([&] { split_preferences(std::span<const comparison<std::string>>(all), {}, many, ties); }) ==
          "a split into 50 labelled and 50 unlabelled pairs needs more than the 90 that can be learned from");
}
