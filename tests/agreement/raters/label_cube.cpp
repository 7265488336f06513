#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>
#include <xtensor/xadapt.hpp>
#include <xtensor/xmanipulation.hpp>
#include <xtensor/xview.hpp>

#include <preflearn/agreement/raters/chance_corrected.hpp>
#include <preflearn/agreement/raters/label_cube.hpp>
#include <preflearn/core/numbers/random.hpp>

using namespace preflearn;

namespace {

/// Two sources, three repeats, four units: the first is constant, the second flips on the last unit.
const label_cube two_sources{{{0, 1, 1, 0}, {0, 1, 1, 0}, {0, 1, 1, 0}}, {{0, 1, 0, 0}, {0, 1, 0, 1}, {0, 1, 0, 1}}};

} // namespace

TEST_CASE("repeats of a source give its self-agreement") {
    const std::vector<repeat_consistency> found = consistency_of_sources(two_sources, 2);
    REQUIRE(found.size() == 2);
    CHECK(found[0].self_agreement.value == 1);
    CHECK(found[0].ever_flipped.value == 0);
    CHECK(found[1].ever_flipped.value == doctest::Approx(0.25));
    CHECK(found[1].majority_share.value == doctest::Approx((1 + 1 + 1 + 2.0 / 3) / 4));
    CHECK(found[1].self_agreement.value == doctest::Approx((3 + 1.0 / 3) / 4)); // one pair of three agrees
}

TEST_CASE("sources are raters of one repeat") {
    CHECK(raw_agreement(ratings_of_sources(two_sources, 0, 2)).value == doctest::Approx(0.75));
    CHECK(raw_agreement(ratings_of_sources(two_sources, 2, 2)).value == doctest::Approx(0.5));
}

TEST_CASE("any layout and any expression will do: views, adapted memory, other integers") {
    generator random(1, "cube");
    std::vector<int> memory(2 * 3 * 50);
    for (int& label : memory) label = static_cast<int>(random.below(3)) - 1;
    const auto adapted = xt::adapt(memory, std::vector<std::size_t>{2, 3, 50});
    const xt::xtensor<std::int64_t, 3, xt::layout_type::column_major> copy = adapted;
    const auto agreement = [](const auto& cube) {
        return cohen_kappa(ratings_of_sources(cube, 1, 2)).coefficient.value;
    };
    CHECK(agreement(adapted) == agreement(copy));
    CHECK(agreement(adapted) == agreement(xt::view(adapted, xt::all(), xt::all(), xt::all())));
    CHECK(agreement(adapted) == doctest::Approx(agreement(xt::flip(copy, 0))));
    CHECK(ratings_of_sources(xt::view(adapted, xt::all(), xt::all(), xt::range(10, 20)), 0, 2).units() == 10);
}

TEST_CASE("what does not fit is said") {
    CHECK_THROWS_WITH_AS(ratings_of_sources(two_sources, 3, 2), "there is no repeat 3, found 3", argument_error);
    CHECK_THROWS_WITH_AS(ratings_of_repeats(two_sources, 2, 2), "there is no source 2, found 2", argument_error);
    CHECK_THROWS_WITH_AS(ratings_of_sources(xt::xtensor<int, 2>::from_shape({2, 2}), 0, 2),
                         "a label cube has the axes [source, repeat, unit], found 2 axes", argument_error);
    CHECK_THROWS_AS(ratings_of_sources(two_sources, 0, 1), argument_error); // category 1 is unknown
}
