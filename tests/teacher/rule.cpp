#include <cmath>
#include <cstdint>
#include <limits>

#include <doctest/doctest.h>

#include <preflearn/teacher/rule.hpp>

#include "domains.hpp"

using namespace preflearn;

static_assert(LabelRule<hard_label> && LabelRule<soft_label> && LabelRule<drawn_label>);
static_assert(LabelRule<abstaining<soft_label>> && LabelRule<abstaining<abstaining<drawn_label>>>);
static_assert(LabelRule<double (*)(double)>);
static_assert(!LabelRule<void (*)(double)> && !LabelRule<double (*)(const char*)>);

namespace {

/// The rule with the margin negated is the mirror image.
template <class Rule> void check_mirrored(const Rule& rule) {
    for (const double margin : {0.0, 1e-12, 0.4, 3.0, 60.0, 1e300})
        for (std::uint64_t id = 0; id < 200; ++id)
            REQUIRE(test::same(apply_rule(rule, -margin, id), apply_rule(rule, margin, id).mirrored()));
}

} // namespace

TEST_CASE("a hard label is certain and keeps the margin; a tie is a tie") {
    CHECK(hard_label{}(0.25) == preference::for_first().with_margin(0.25));
    CHECK(hard_label{}(-1e-300) == preference::for_second().with_margin(-1e-300));
    CHECK(hard_label{}(0).decision() == choice::tie);
    CHECK(hard_label{}(-0.0) == hard_label{}(0));
}

TEST_CASE("a soft label is the Bradley-Terry probability at its temperature") {
    CHECK(soft_label{}(std::log(3)).first() == doctest::Approx(0.75));
    CHECK(soft_label{2}(2 * std::log(3)).first() == doctest::Approx(0.75));
    CHECK(soft_label{2}(2 * std::log(3)).margin().value_or(0) == doctest::Approx(std::log(3)));
    CHECK(soft_label{}(0).decision() == choice::tie);
    // As the temperature falls it becomes the hard label, as it rises the coin.
    CHECK(soft_label{1e-3}(0.1).first() == doctest::Approx(1));
    CHECK(soft_label{1e6}(0.1).first() == doctest::Approx(0.5));
    CHECK(soft_label{}(800).margin() == 800); // still ranks confidence where the probability is 1
    for (const double bad : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
        CHECK_THROWS_AS(soft_label{bad}(1), argument_error);
        CHECK_THROWS_AS((drawn_label{.temperature = bad}(1, 0)), argument_error);
    }
}

TEST_CASE("a drawn label errs with the closed-form probability") {
    constexpr std::size_t draws = 20000;
    for (const double temperature : {0.5, 1.0, 3.0})
        for (const double margin : {-2.0, -0.3, 0.01, 1.0, 4.0}) {
            std::size_t first = 0;
            for (std::uint64_t id = 0; id < draws; ++id)
                first += drawn_label{temperature, 11}(margin, id).decision() == choice::first;
            CAPTURE(margin);
            CAPTURE(temperature);
            CHECK(test::consistent(first, draws, sigmoid(margin / temperature)));
        }
}

TEST_CASE("a drawn label belongs to seed and pair: two annotators agree as independent draws do") {
    constexpr std::size_t draws = 20000;
    std::size_t agree = 0;
    for (std::uint64_t id = 0; id < draws; ++id) {
        CHECK(drawn_label{1, 5}(0.7, id) == drawn_label{1, 5}(0.7, id));
        agree += drawn_label{1, 5}(0.7, id) == drawn_label{1, 6}(0.7, id);
    }
    const double p = sigmoid(0.7);
    CHECK(test::consistent(agree, draws, p * p + (1 - p) * (1 - p)));
    CHECK(!drawn_label{}(0.7, 1).margin());
    CHECK(drawn_label{}(0, 1) == preference::tied());
}

TEST_CASE("abstaining keeps the verdicts at and above the threshold") {
    const abstaining unsure{.threshold = 0.5};
    CHECK(unsure(0.49, 1).abstained());
    CHECK(unsure(-0.49, 1).abstained());
    CHECK(unsure(-0.49, 1).margin() == -0.49);
    CHECK(unsure(0.5, 1) == hard_label{}(0.5));
    CHECK(unsure(-7, 1) == hard_label{}(-7));
    CHECK(abstaining{}(0, 1) == hard_label{}(0)); // threshold 0 never abstains

    const abstaining soft{.threshold = 1, .rule = soft_label{2}};
    CHECK(soft(0.9, 1).abstained());
    CHECK(soft(1.1, 1) == soft_label{2}(1.1));
    // "less sure than 0.8" at temperature 2, as documented
    const abstaining below{.threshold = 2 * logit(0.8), .rule = soft_label{2}};
    for (double margin = -6; margin <= 6; margin += 0.05)
        CHECK(below(margin, 1).abstained() == (sigmoid(std::abs(margin) / 2) < 0.8));
    CHECK_THROWS_AS((abstaining{.threshold = -1.0}(0, 1)), argument_error);
    CHECK_THROWS_AS((abstaining{.threshold = std::nan("")}(0, 1)), argument_error);
}

TEST_CASE("every rule mirrors") {
    check_mirrored(hard_label{});
    check_mirrored(soft_label{0.7});
    check_mirrored(drawn_label{.temperature = 2, .seed = 3});
    check_mirrored(abstaining{.threshold = 1.0, .rule = drawn_label{}});
}
