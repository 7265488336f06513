#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/error.hpp>
#include <preflearn/loss/any_loss.hpp>
#include <preflearn/loss/named.hpp>

#include "pairs.hpp"

using namespace preflearn;

static_assert(PreferenceLoss<any_loss, float> && PreferenceLoss<any_loss, double>);

TEST_CASE_TEMPLATE("a loss behind one type has the same bits", Real, float, double) {
    pairs<Real> direct = random_pairs<Real>(500), erased = direct;
    const simpo loss{.beta = 2};
    const any_loss any(loss);
    CHECK(any(erased.scores(), erased.gradients()).loss == loss(direct.scores(), direct.gradients()).loss);
    CHECK(erased.d_chosen == direct.d_chosen);
    CHECK(erased.d_rejected == direct.d_rejected);
}

TEST_CASE("no loss is an error, not a crash") {
    const pairs<double> p = random_pairs<double>(1);
    CHECK_THROWS_AS(any_loss()(p.scores(), pair_gradients<double>{}), argument_error);
}
