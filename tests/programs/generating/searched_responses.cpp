#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include <preflearn/programs/generating/searched_responses.hpp>

#include "tiny_responder.hpp"

using namespace preflearn;

namespace {

double count_of_a(const std::string& text) { return static_cast<double>(std::ranges::count(text, 'a')); }

/// Likes the letter a.
std::vector<candidate_scores> by_letters(std::span<const searched_candidates> sets) {
    std::vector<candidate_scores> all;
    for (const searched_candidates& set : sets) {
        candidate_scores& scores = all.emplace_back();
        for (const std::string& text : set.all.texts) scores.of.emplace_back(count_of_a(text));
    }
    return all;
}

constexpr std::size_t whole_response = std::numeric_limits<std::size_t>::max();

} // namespace

TEST_CASE("one beam with one successor is plain sampling, whatever the chunk") {
    test::tiny_responder f;
    const auto asked = f.asked({"ab", "cd", "a"});
    const drawn_block plain = draw_responses(f.with, asked, 3);
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{5}, whole_response}) {
        const drawn_block found = search_responses(f.with, asked, 3, {1, 1, chunk}, [](auto) {
            FAIL("one candidate is scored");
            return std::vector<candidate_scores>();
        });
        for (std::size_t i = 0; i < asked.size(); ++i) {
            CHECK(test::texts_of(found.of[i]) == test::texts_of(plain.of[i]));
            CHECK(found.of[i][1].tokens == plain.of[i][1].tokens);
            CHECK(found.of[i][1].ended == plain.of[i][1].ended);
        }
    }
}

TEST_CASE("one beam with many successors and an endless chunk is the best of them") {
    test::tiny_responder f;
    const auto asked = f.asked({"ab", "cd"});
    const drawn_block found = search_responses(f.with, asked, 2, {1, 6, whole_response}, by_letters);
    for (std::size_t i = 0; i < 2; ++i) {
        for (std::size_t k = 0; k < 2; ++k) {
            double best = 0;
            std::vector<std::string> all;
            for (std::size_t way = 0; way < 6; ++way) {
                generator random = f.with.random(asked[i].stream, k, way);
                const auto prompt = f.texts.begun(asked[i].text);
                all.push_back(f.texts.text_behind(asked[i].text, f.model.sample(prompt, f.with.sampling, random)));
                best = std::max(best, count_of_a(all.back()));
            }
            CHECK(std::ranges::count(all, found.of[i][k].text) > 0);
            CHECK(count_of_a(found.of[i][k].text) == best);
        }
    }
}

TEST_CASE("a search finds what its teacher likes, more than the best of as many whole responses") {
    test::tiny_responder f;
    f.with.sampling.max_tokens = 24;
    f.with.ends = {};
    const auto asked = f.asked({"ab", "cd", "d", "bc"});
    const drawn_block plain = draw_responses(f.with, asked, 1);
    const drawn_block best = search_responses(f.with, asked, 1, {1, 6, whole_response}, by_letters);
    const drawn_block found = search_responses(f.with, asked, 1, {2, 3, 3}, by_letters);
    double of_plain = 0, of_best = 0, of_search = 0;
    for (std::size_t i = 0; i < asked.size(); ++i) {
        of_plain += count_of_a(plain.of[i][0].text);
        of_best += count_of_a(best.of[i][0].text);
        of_search += count_of_a(found.of[i][0].text);
        CHECK(found.of[i][0].tokens == 24);
    }
    CHECK(of_best > of_plain);
    CHECK(of_search > of_best);
}

TEST_CASE("a search is the same in any company, and beginnings are told from what has ended") {
    test::tiny_responder f;
    const auto asked = f.asked({"ab", "cd", "da"});
    bool some_open = false, some_ended = false;
    const auto watching = [&](std::span<const searched_candidates> sets) {
        for (const searched_candidates& set : sets) {
            CHECK(set.all.open.size() == set.all.texts.size());
            CHECK(set.all.texts.size() <= 2 + 6); // what has ended stands there once
            for (const bool open : set.all.open) (open ? some_open : some_ended) = true;
        }
        return by_letters(sets);
    };
    const drawn_block together = search_responses(f.with, asked, 2, {2, 3, 2}, watching);
    CHECK(some_open);
    CHECK(some_ended);
    for (std::size_t i = 0; i < asked.size(); ++i) {
        const drawn_block alone = search_responses(f.with, std::span(asked).subspan(i, 1), 1, {2, 3, 2}, by_letters);
        CHECK(alone.of[0][0].text == together.of[i][0].text);
    }
}
