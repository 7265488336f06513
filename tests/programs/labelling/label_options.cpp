#include <doctest/doctest.h>

#include <cstddef>

#include <preflearn/programs/labelling/label_options.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("options are read by name, and a number without its rule is refused") {
    CHECK(label_rule_named("abstain", 0.75).amount == 0.75);
    CHECK(label_rule_named("top", {}, 30.0).kind == label_rule_kind::top);
    const auto fault = [](auto call) { return test::error_of(call); };
    CHECK(test::contains(fault([] { label_rule_named("best"); }), "hard, soft, abstain, top"));
    CHECK(test::contains(fault([] { label_rule_named("abstain"); }), "belongs to the rule abstain"));
    CHECK(test::contains(fault([] { label_rule_named("hard", 0.6); }), "belongs to the rule abstain"));
    CHECK(test::contains(fault([] { label_rule_named("abstain", 0.4); }), "from 0.5 to 1"));
    CHECK(test::contains(fault([] { label_rule_named("top", {}, 0.0); }), "above 0 to 100"));
    const label_flips flips = label_flips_named("length:0.25");
    CHECK(flips.kind == flip_kind::length);
    CHECK(flips.rate == 0.25);
    for (const char* const bad : {"uniform", "uniform:", "uniform:1.5", "margin:0.5", "odd:0.1"})
        CHECK_FALSE(fault([&] { label_flips_named(bad); }).empty());
}
