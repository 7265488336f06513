#include <cmath>
#include <concepts>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/preference.hpp>

using namespace preflearn;

static_assert(std::convertible_to<double, preference>, "a teacher may return a probability");
static_assert(std::convertible_to<float, preference> && std::convertible_to<bool, preference>);
static_assert(!std::default_initializable<preference>, "there is no verdict by default");

TEST_CASE("a plain probability is a verdict without a tie") {
    const preference p = 0.75;
    CHECK(p.first() == 0.75);
    CHECK(p.tie() == 0);
    CHECK(p.second() == 0.25);
    CHECK_FALSE(p.abstained());
    CHECK_FALSE(p.margin().has_value());
}

TEST_CASE("the three probabilities sum to one, and a tie is half a win") {
    generator random(1);
    for (int i = 0; i < 200; ++i) {
        const double first = random.uniform(), tie = random.uniform() * (1 - first);
        const preference p(first, tie);
        CHECK(p.first() + p.tie() + p.second() == doctest::Approx(1));
        CHECK(p.half_win() + p.mirrored().half_win() == doctest::Approx(1));
    }
    CHECK(preference::tied().half_win() == 0.5);
}

TEST_CASE("decisions follow the likelier response") {
    CHECK(preference::for_first().decision() == choice::first);
    CHECK(preference::for_second().decision() == choice::second);
    CHECK(preference::tied().decision() == choice::tie);
    CHECK(preference(0.5).decision() == choice::tie);
    CHECK(preference(0.3, 0.5).decision() == choice::first);
    CHECK(preference(0.2, 0.5).decision() == choice::second);
    CHECK(preference::abstention().decision() == choice::abstained);
    CHECK(preference::from_margin(1e-9).decision() == choice::first);
    CHECK(preference::from_margin(-800).decision() == choice::second);
}

TEST_CASE("mirroring twice gives the verdict back and swaps the decision") {
    for (const preference& p : {preference(0.8), preference(0.25, 0.5), preference::for_second(), preference::tied(),
                                preference::abstention(), preference::from_margin(2)}) {
        const preference m = p.mirrored();
        CHECK(m.first() == doctest::Approx(p.second()));
        CHECK(m.tie() == p.tie());
        CHECK(m.abstained() == p.abstained());
        CHECK(m.margin().has_value() == p.margin().has_value());
        if (p.margin()) CHECK(*m.margin() == -*p.margin());
        CHECK(m.mirrored().first() == doctest::Approx(p.first()));
        const auto swapped = p.decision() == choice::first    ? choice::second
                             : p.decision() == choice::second ? choice::first
                                                              : p.decision();
        CHECK(m.decision() == swapped);
    }
}

TEST_CASE("a margin gives its sigmoid and is kept where the probability is already one") {
    const preference near = preference::from_margin(50), far = preference::from_margin(500);
    CHECK(near.first() == 1);
    CHECK(far.first() == 1);
    CHECK(*near.margin() < *far.margin());
    CHECK_FALSE(near == far);
    CHECK(preference::from_margin(1).first() == doctest::Approx(1 / (1 + std::exp(-1.0))));
    CHECK(*preference::for_first().with_margin(-2).margin() == -2);
    CHECK(preference::from_margin(std::numeric_limits<double>::infinity()).first() == 1);
}

TEST_CASE("what is no probability is refused with its value") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH_AS(preference(1.5), doctest::Contains("P(first) = 1.5"), argument_error);
    CHECK_THROWS_AS(preference(-0.1), argument_error);
    CHECK_THROWS_AS(preference{nan}, argument_error);
    CHECK_THROWS_AS(preference(0.6, 0.5), argument_error);
    CHECK_THROWS_AS(preference(0.5, -0.1), argument_error);
    CHECK_THROWS_AS(preference(0.5, nan), argument_error);
    CHECK_THROWS_AS(preference::from_margin(nan), argument_error);
    CHECK_THROWS_AS(static_cast<void>(preference(0.5).with_margin(nan)), argument_error);
    CHECK_NOTHROW(preference(0.1 + 0.2, 0.7)); // a sum of one up to rounding
    CHECK(preference(0.1 + 0.2, 0.7).second() >= 0);
}

TEST_CASE("verdicts are equal when all that they say is equal") {
    CHECK(preference(0.5) == preference(0.5));
    CHECK_FALSE(preference(0.5) == preference::abstention());
    CHECK_FALSE(preference(0.5) == preference(0.5).with_margin(0));
    CHECK_FALSE(preference(0.5, 0.5) == preference(0.5));
}

TEST_CASE("labels keep their order and are found by id") {
    const label_set labels(std::vector<label>{{30, 0.9}, {10, preference::tied()}, {20, preference::abstention()}});
    REQUIRE(labels.size() == 3);
    CHECK_FALSE(labels.empty());
    CHECK(labels.begin()->id == 30);
    CHECK((labels.end() - 1)->id == 20);
    CHECK(labels.at(10) == preference::tied());
    CHECK(labels.find(30)->first() == 0.9);
    CHECK_FALSE(labels.find(31).has_value());
    CHECK_THROWS_WITH_AS(static_cast<void>(labels.at(31)), "pair 31 has no label among the 3 given", argument_error);
    CHECK(label_set().empty());
}

TEST_CASE("an id is labelled once; a refused label leaves the set as it was") {
    label_set labels;
    labels.add({5, 1.0});
    CHECK_THROWS_WITH_AS(labels.add({5, 0.0}), "pair 5 is labelled twice", argument_error);
    CHECK(labels.size() == 1);
    CHECK(labels.at(5).first() == 1);
    CHECK_THROWS_AS(label_set(std::vector<label>{{1, 0.5}, {1, 0.5}}), argument_error);
}
