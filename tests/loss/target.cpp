#include <initializer_list>

#include <doctest/doctest.h>

#include <preflearn/loss/target.hpp>

using namespace preflearn;

static_assert(TargetPart<given_target, float> && TargetPart<given_target, double>);
static_assert(!TargetPart<decltype([](double q) { return q; }), double>);

TEST_CASE("a given target splits one unit of loss between the pair and the swapped pair") {
    for (const double q : {0.0, 0.125, 0.5, 1.0}) {
        const auto [as_labelled, swapped] = given_target{}(q);
        CHECK(as_labelled == q);
        CHECK(as_labelled + swapped == 1);
    }
}
