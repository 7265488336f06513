#include <doctest/doctest.h>

#include <vector>

#include <preflearn/programs/comparing/ranked_lists.hpp>

using namespace preflearn;

TEST_CASE("lists of the same responses are correlated within each prompt") {
    const std::vector<compared_list> a{{.prompt = 1, .texts = 10, .scores = {1, 2, 3}},
                                       {.prompt = 2, .texts = 20, .scores = {1, 2, 3}}},
        b{{.prompt = 1, .texts = 10, .scores = {2, 4, 9}},
          {.prompt = 2, .texts = 20, .scores = {3, 2, 1}},
          {.prompt = 3, .texts = 30, .scores = {1, 2, 4}}};
    const list_agreement found = compare_lists(a, "a", b, "b");
    CHECK(found.lists == 2);
    CHECK(found.kendall.value == doctest::Approx(0));
    CHECK(found.same_best.value == 0.5);
    CHECK(compare_lists(b, "b", a, "a").spearman.value == doctest::Approx(found.spearman.value));
}
