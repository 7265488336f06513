#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/by_name/any_loss.hpp>
#include <preflearn/loss/by_name/identity.hpp>
#include <preflearn/loss/coupled/confidence.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/loss/single/bco.hpp>

#include "../shards.hpp"

using namespace preflearn;

static_assert(PreferenceLoss<any_loss<float>, float> && PreferenceLoss<any_loss<double>, double>);

TEST_CASE_TEMPLATE("a loss behind one type has the same bits, whichever columns are given", Real, float, double) {
    const auto check = [](const auto& loss, bool all_columns) {
        pairs<Real> direct = random_pairs<Real>(500);
        direct.margin.clear();
        if (!all_columns) direct.weight.clear(), direct.target.clear();
        pairs<Real> erased = direct;
        CHECK(any_loss<Real>(loss)(erased.scores(), erased.gradients()).loss ==
              loss(direct.scores(), direct.gradients()).loss);
        CHECK(erased.d_chosen == direct.d_chosen);
        CHECK(erased.d_rejected == direct.d_rejected);
    };
    for (const bool all_columns : {false, true}) {
        check(simpo{.beta = 2}, all_columns);
        check(ropo{}, all_columns);
        check(ipo_sum{}, all_columns);
        check(mpo{}, all_columns);
    }
}

TEST_CASE("a loss behind one type says which lengths it may read") {
    CHECK(any_loss<double>(simpo{}).reads_lengths() == lengths_read_by(simpo{}));
    CHECK(any_loss<double>(dpo{}).reads_lengths() == lengths_read::none);
}

TEST_CASE("a coupled loss remains one: it keeps the laws, a running mean goes through") {
    static_assert(CoupledPreferenceLoss<any_loss<float>, float> && CoupledPreferenceLoss<any_loss<double>, double>);
    pairs<double> p = random_pairs<double>(100);
    p.margin.clear();
    check_merging(any_loss<double>(confident_dpo_quantile{}), p, 0);
    check_merging(any_loss<double>(bco_pair_shifted{}), p, 0);
    check_merging(any_loss<double>(dpo{}), p, 0);
    any_loss<double>::state now = any_loss<double>(bco_pair_shifted{}).reduce(p.scores());
    auto expected = bco_pair_shifted{}.reduce(p.scores());
    now.before = expected.before = {3, 5};
    CHECK(now.after() == expected.after());
    pairs<double> q = p;
    CHECK(any_loss<double>(bco_pair_shifted{}).map(p.scores(), now, p.gradients()).loss ==
          bco_pair_shifted{}.map(q.scores(), expected, q.gradients()).loss);
    CHECK(any_loss<double>(dpo{}).reduce(p.scores()).after() == running_mean{});
}

TEST_CASE("a loss behind one type is still itself: a training goes on under it and no other") {
    CHECK(any_loss<double>(simpo{.beta = 2}).identity() == identity_of(simpo{.beta = 2}));
    CHECK(identity_of(any_loss<double>(dpo{})) == "sigmoid(beta=0.1)");
}

TEST_CASE("no loss is an error, not a crash") {
    CHECK_THROWS_AS((void)any_loss<double>().identity(), argument_error);
    const pairs<double> p = random_pairs<double>(1);
    CHECK_THROWS_AS(any_loss<double>()(p.scores(), pair_gradients<double>{}), argument_error);
}

namespace {

/// A user's loss that is not its parts.
struct doubled_dpo : dpo {
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const {
        loss_sums sums = dpo::operator()(s, g);
        sums.loss *= 2;
        return sums;
    }
};

} // namespace

TEST_CASE("a loss that is more than its parts is called as it is, and does not go by its base's name") {
    const std::vector<double> chosen{1, -2}, rejected{0, 0.5};
    const pair_scores<double> pairs{.chosen = chosen, .rejected = rejected};
    const double plain = any_loss<double>(dpo{})(pairs, {}).loss;
    CHECK(any_loss<double>(doubled_dpo{})(pairs, {}).loss == 2 * plain);
    CHECK_THROWS_WITH_AS((void)any_loss<double>(doubled_dpo{}).identity(),
                         doctest::Contains("does not show its parameters"), argument_error);
    CHECK(any_loss<double>::of_parts(dpo{})(pairs, {}).loss == plain);
}
