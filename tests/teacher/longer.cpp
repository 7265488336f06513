#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/teacher/longer.hpp>

#include "domains.hpp"

using namespace preflearn;

namespace {

struct words {
    std::ptrdiff_t operator()(const std::string& text) const { return 1 + std::ranges::count(text, ' '); }
};

static_assert(Teacher<longer_response<>, test::forum_pair> && Teacher<longer_response<>, token_comparison>);
static_assert(Teacher<longer_response<words>, test::forum_pair>);
static_assert(!Teacher<longer_response<>, test::item_pair>); // an item has no length

} // namespace

TEST_CASE("the longer response wins; equal lengths tie") {
    const std::vector<token_id> two{1, 2}, three{3, 4, 5};
    CHECK(longer_response{}(token_comparison{1, {}, three, two}) == preference::for_first());
    CHECK(longer_response{}(token_comparison{1, {}, two, three}) == preference::for_second());
    CHECK(longer_response{}(token_comparison{1, {}, two, two}) == preference::tied());
    CHECK(longer_response{}(comparison<std::string>{1, "", "", "b"}) == preference::for_second());
}

TEST_CASE("length is what the caller says it is") {
    const comparison<std::string> c{1, "", "a b c", "incomprehensibilities"};
    CHECK(longer_response{}(c) == preference::for_second());
    CHECK(longer_response{words{}}(c) == preference::for_first());
    CHECK(longer_response{[](int item) { return -item; }}(test::item_pair{1, {}, 2, 5}) == preference::for_first());
}

TEST_CASE("swapping the responses mirrors the verdict") {
    CHECK(test::mirror_faults(longer_response{}, test::forum_pairs(200)) == 0);
    CHECK(test::batch_agrees(longer_response{}, test::forum_pairs(200)));
}
