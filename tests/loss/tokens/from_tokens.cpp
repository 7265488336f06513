#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <doctest/doctest.h>

#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/loss/tokens/from_tokens.hpp>

#include "../naive.hpp"
#include "../token_pairs.hpp"

using namespace preflearn;

namespace {

static_assert(TokenLoss<from_tokens<dpo>, double> && TokenLoss<from_tokens<dpo>, float>);

/// Every token of the second half counts double under the policy.
struct later_counts_double {
    static constexpr bool uses_divergence = false;
    token_share operator()(const token_point& token) const {
        const double w = 2 * token.number >= token.length ? 2 : 1;
        return {w * token.policy, token.reference, w};
    }
};

/// Couples the batch: Σ (margin − mean margin)², which a loss called on pieces would get wrong.
struct spread_of_margins {
    loss_sums operator()(const pair_scores<double>& s, const pair_gradients<double>& d) const {
        loss_sums sums{.pairs = s.size()};
        double mean = 0;
        for (std::size_t i = 0; i < s.size(); ++i)
            mean += (s.chosen[i] - s.rejected[i]) / static_cast<double>(s.size());
        for (std::size_t i = 0; i < s.size(); ++i) {
            const double x = s.chosen[i] - s.rejected[i] - mean;
            sums.loss += x * x;
            if (!d.chosen.empty()) d.rejected[i] = -(d.chosen[i] = 2 * x);
            if (!d.values.empty()) d.values[i] = x * x;
        }
        return sums;
    }
};

/// The definition in long double: loss and, for both responses, the derivative in the sum.
struct naive_sums {
    std::vector<naive_pair> pairs;
    template <class Part> naive_sums(const token_pairs<double>& p, const Part& part) {
        for (std::size_t i = 0; i + 1 < p.chosen.offsets.size(); ++i) {
            naive_pair pair{};
            pair.weight = p.weight[i];
            pair.target = p.target[i];
            pair.margin = p.margin[i];
            const auto tokens = [&](const token_half<double>& side) { return side.offsets[i + 1] - side.offsets[i]; };
            const auto add = [&](const token_half<double>& side, const token_half<double>& other, extended& policy,
                                 extended& reference) {
                policy = reference = 0;
                for (std::size_t t = 0; t < tokens(side); ++t) {
                    const std::size_t at = side.offsets[i] + t;
                    const token_share share =
                        part(token_point{side.policy[at], side.reference[at], side.divergence[at],
                                         static_cast<std::uint32_t>(t), static_cast<std::uint32_t>(tokens(side)),
                                         static_cast<std::uint32_t>(tokens(other)), &side == &p.chosen});
                    policy += share.policy;
                    reference += share.reference;
                }
            };
            add(p.chosen, p.rejected, pair.chosen, pair.reference_chosen);
            add(p.rejected, p.chosen, pair.rejected, pair.reference_rejected);
            pair.chosen_tokens = static_cast<extended>(tokens(p.chosen));
            pair.rejected_tokens = static_cast<extended>(tokens(p.rejected));
            pairs.push_back(pair);
        }
    }
};

template <class Loss, class Part> void agrees_with_definition(const Loss& loss, const Part& part, bool margins = true) {
    token_pairs<double> p = random_token_pairs<double>(37, 5);
    if (!margins) p.margin.assign(37, 0);
    const from_tokens<Loss, Part> tokens{.loss = loss, .part = part};
    token_scores<double> scores = p.scores();
    if (!margins) scores.margin = {};
    const loss_sums sums = tokens(scores, p.gradients());
    const naive_sums definition(p, part);
    double total = 0;
    for (std::size_t i = 0; i < definition.pairs.size(); ++i) {
        const dual expected = naive_loss(loss, definition.pairs[i]);
        total += static_cast<double>(expected.value);
        CHECK(p.values[i] == doctest::Approx(static_cast<double>(expected.value)).epsilon(1e-12));
        CHECK(p.chosen.d_policy[p.chosen.offsets[i]] ==
              doctest::Approx(static_cast<double>(expected.d_chosen)).epsilon(1e-12));
        CHECK(p.rejected.d_policy[p.rejected.offsets[i]] ==
              doctest::Approx(static_cast<double>(expected.d_rejected)).epsilon(1e-12));
    }
    CHECK(sums.loss == doctest::Approx(total).epsilon(1e-12));
    CHECK(sums.pairs == 37);
}

template <class Real, class Loss> std::vector<Real> all_losses_and_gradients(const Loss& loss, token_pairs<Real>& p) {
    const loss_sums sums = loss(p.scores(), p.gradients());
    std::vector<Real> all = p.values;
    for (const double value : {sums.loss, sums.weight, sums.chosen_rewards, sums.rejected_rewards})
        all.push_back(static_cast<Real>(value));
    for (const token_half<Real>* side : {&p.chosen, &p.rejected}) {
        for (const std::vector<Real>* column : {&side->d_policy, &side->d_divergence}) {
            const std::vector<Real> values = side->at_tokens(*column);
            all.insert(all.end(), values.begin(), values.end());
        }
    }
    return all;
}

} // namespace

TEST_CASE("value, each pair's loss and gradient are the definition's") {
    agrees_with_definition(dpo{}, summed_tokens{});
    agrees_with_definition(dpo{.beta = 0.4}, later_counts_double{});
    agrees_with_definition(basic_ipo_mean<>{}, summed_tokens{});
    agrees_with_definition(simpo{}, summed_tokens{});
    agrees_with_definition(rpo{}, length_desensitised{.ld_alpha = 0.25});
    agrees_with_definition(cdpo{.label_smoothing = 0.125}, policy_length_desensitised{.ld_alpha = 0.75});
    agrees_with_definition(mpo{}, summed_tokens{}, false);
}

TEST_CASE("gradients agree with finite differences at every token") {
    const token_pairs<double> p = random_token_pairs<double>(9, 2, 12);
    CHECK(token_gradient_error(from_tokens<dpo>{}, p) < 1e-8);
    CHECK(token_gradient_error(from_tokens<dpo, later_counts_double>{}, p) < 1e-8);
    CHECK(token_gradient_error(from_tokens<basic_ipo_mean<>>{}, p) < 1e-7);
    CHECK(token_gradient_error(from_tokens<dpo, length_desensitised>{.part = {.ld_alpha = 0.3}}, p) < 1e-8);
    CHECK(token_gradient_error(from_tokens<dpo, policy_length_desensitised>{.part = {.ld_alpha = 0.3}}, p) < 1e-8);
    CHECK(token_gradient_error(from_tokens<dpo, clamped_log_ratios>{}, p) < 1e-8);
    CHECK(token_gradient_error(from_tokens<dpo, sequential_divergence>{}, p, true) < 1e-8);
}

TEST_CASE("on tokens the loss is what it is on their sums") {
    token_pairs<double> p = random_token_pairs<double>(300, 4);
    std::vector<double> sums[4], d_chosen(300), d_rejected(300);
    std::vector<std::uint32_t> lengths[2];
    for (std::size_t i = 0; i < 300; ++i) {
        std::size_t column = 0;
        for (const token_half<double>* side : {&p.chosen, &p.rejected}) {
            double policy = 0, reference = 0;
            for (std::size_t at = side->offsets[i]; at < side->offsets[i + 1]; ++at) {
                policy += side->policy[at]; // exact: the numbers lie on a grid
                reference += side->reference[at];
            }
            sums[column].push_back(policy);
            sums[column + 2].push_back(reference);
            lengths[column++].push_back(static_cast<std::uint32_t>(side->offsets[i + 1] - side->offsets[i]));
        }
    }
    const pair_scores<double> summed{sums[0],    sums[1],  sums[2],  sums[3], lengths[0],
                                     lengths[1], p.weight, p.target, p.margin};
    const auto same = [&](const auto& loss) {
        const loss_sums a = loss(summed, pair_gradients<double>{d_chosen, d_rejected});
        const loss_sums b = from_tokens<std::remove_cvref_t<decltype(loss)>>{loss}(p.scores(), p.gradients());
        CHECK(a.loss == b.loss);
        CHECK(a.chosen_rewards == b.chosen_rewards);
        CHECK(a.correct == b.correct);
        for (std::size_t i = 0; i < 300; ++i) {
            for (std::size_t at = p.chosen.offsets[i]; at < p.chosen.offsets[i + 1]; ++at)
                CHECK(p.chosen.d_policy[at] == d_chosen[i]);
            for (std::size_t at = p.rejected.offsets[i]; at < p.rejected.offsets[i + 1]; ++at)
                CHECK(p.rejected.d_policy[at] == d_rejected[i]);
        }
    };
    same(dpo{});
    same(basic_ipo_mean<>{});
    same(orpo{});
}

TEST_CASE_TEMPLATE("padded input gives the bits of ragged input and a gradient of zero in the padding", Real, float,
                   double) {
    token_pairs<Real> ragged = random_token_pairs<Real>(50, 6), holes = padded(ragged);
    const auto same = [&](const auto& loss) {
        CHECK(all_losses_and_gradients(loss, ragged) == all_losses_and_gradients(loss, holes));
        for (const token_half<Real>* side : {&holes.chosen, &holes.rejected})
            for (std::size_t at = 0; at < side->mask.size(); ++at)
                if (side->mask[at] == 0) CHECK((side->d_policy[at] == 0 && side->d_divergence[at] == 0));
    };
    same(from_tokens<dpo>{});
    same(from_tokens<dpo, length_desensitised>{});
    same(from_tokens<basic_ipo_mean<>, stopped_sequential_divergence, policy_likelihood>{});
}

TEST_CASE("padding at the end by lengths is the same once more") {
    token_pairs<double> ragged = random_token_pairs<double>(20, 8, 9), by_lengths = ragged;
    std::vector<std::uint32_t> lengths[2];
    std::size_t which = 0;
    for (token_half<double>* side : {&by_lengths.chosen, &by_lengths.rejected}) {
        for (std::vector<double>* column : side->all()) {
            std::vector<double> wide_column(20 * 9, std::numeric_limits<double>::quiet_NaN());
            for (std::size_t r = 0; r < 20; ++r)
                std::copy(column->begin() + static_cast<std::ptrdiff_t>(side->offsets[r]),
                          column->begin() + static_cast<std::ptrdiff_t>(side->offsets[r + 1]),
                          wide_column.begin() + static_cast<std::ptrdiff_t>(9 * r));
            *column = wide_column;
        }
        for (std::size_t r = 0; r < 20; ++r)
            lengths[which].push_back(static_cast<std::uint32_t>(side->offsets[r + 1] - side->offsets[r]));
        ++which;
    }
    token_scores<double> scores = by_lengths.scores();
    scores.chosen.rows = {.length = 9, .lengths = lengths[0]};
    scores.rejected.rows = {.length = 9, .lengths = lengths[1]};
    const from_tokens<dpo> loss;
    CHECK(loss(scores, by_lengths.gradients()).loss == loss(ragged.scores(), ragged.gradients()).loss);
    for (std::size_t r = 0; r < 20; ++r)
        for (std::size_t t = 0; t < 9; ++t)
            CHECK(by_lengths.chosen.d_policy[9 * r + t] ==
                  (t < lengths[0][r] ? ragged.chosen.d_policy[ragged.chosen.offsets[r] + t] : 0));
}

TEST_CASE("the bits do not depend on the number of threads") {
    token_pairs<double> p = random_token_pairs<double>(700, 9);
    const from_tokens<dpo, length_desensitised, policy_likelihood> loss;
    const std::vector<double> all = all_losses_and_gradients(loss, p);
#if defined(_OPENMP)
    const int before = omp_get_max_threads();
    for (const int threads : {1, 2, 3, 7}) {
        omp_set_num_threads(threads);
        CHECK(all_losses_and_gradients(loss, p) == all);
    }
    omp_set_num_threads(before);
#endif
    CHECK(all_losses_and_gradients(loss, p) == all);
}

TEST_CASE("float tokens are summed in double") {
    token_pairs<double> p = random_token_pairs<double>(200, 3);
    token_pairs<float> q = random_token_pairs<float>(200, 3);
    const loss_sums a = from_tokens<dpo>{}(p.scores(), p.gradients()),
                    b = from_tokens<dpo>{}(q.scores(), q.gradients());
    CHECK(a.loss == b.loss); // the numbers are those that float holds
    for (std::size_t at = 0; at < p.chosen.d_policy.size(); ++at)
        CHECK(q.chosen.d_policy[at] == static_cast<float>(p.chosen.d_policy[at]));
}

TEST_CASE("a loss that couples the batch sees the whole of it at once") {
    token_pairs<double> p = random_token_pairs<double>(100, 11, 6);
    const from_tokens<spread_of_margins> loss;
    std::vector<double> margins;
    double mean = 0, squares = 0;
    for (std::size_t i = 0; i < 100; ++i) {
        double margin = 0;
        for (std::size_t at = p.chosen.offsets[i]; at < p.chosen.offsets[i + 1]; ++at) margin += p.chosen.policy[at];
        for (std::size_t at = p.rejected.offsets[i]; at < p.rejected.offsets[i + 1]; ++at)
            margin -= p.rejected.policy[at];
        margins.push_back(margin);
        mean += margin / 100;
    }
    for (const double margin : margins) squares += (margin - mean) * (margin - mean);
    CHECK(loss(p.scores(), p.gradients()).loss == doctest::Approx(squares).epsilon(1e-12));
    CHECK(token_gradient_error(loss, random_token_pairs<double>(6, 2, 5)) < 1e-6);
}

TEST_CASE("missing columns stand for weight one, target one, margin zero and no reference") {
    token_pairs<double> p = random_token_pairs<double>(40), q = p;
    for (token_pairs<double>* batch : {&p, &q}) {
        batch->weight.assign(batch == &p ? 0 : 40, 1);
        batch->target.assign(batch == &p ? 0 : 40, 1);
        batch->margin.assign(batch == &p ? 0 : 40, 0);
        for (token_half<double>* side : {&batch->chosen, &batch->rejected})
            side->reference.assign(batch == &p ? 0 : side->policy.size(), 0);
    }
    CHECK(all_losses_and_gradients(from_tokens<dpo>{}, p) == all_losses_and_gradients(from_tokens<dpo>{}, q));
}

TEST_CASE("an empty response has log-prob 0, unless the loss divides by its length") {
    token_pairs<double> p = random_token_pairs<double>(2, 1, 3);
    p.chosen = {}; // both chosen responses are empty
    p.chosen.offsets = {0, 0, 0};
    p.weight = p.target = p.margin = {};
    const loss_sums sums = from_tokens<dpo>{}(p.scores(), p.gradients());
    CHECK(sums.chosen_rewards == 0);
    double expected = 0;
    for (std::size_t i = 0; i < 2; ++i) {
        double v = 0;
        for (std::size_t at = p.rejected.offsets[i]; at < p.rejected.offsets[i + 1]; ++at)
            v += p.rejected.policy[at] - p.rejected.reference[at];
        expected += std::log1p(std::exp(0.1 * v));
    }
    CHECK(sums.loss == doctest::Approx(expected).epsilon(1e-13));
    CHECK_THROWS_WITH_AS(from_tokens<simpo>{}(p.scores(), {}),
                         "pair 0: its chosen response is empty, but this loss "
                         "divides by lengths",
                         argument_error);
    std::swap(p.chosen, p.rejected);
    CHECK_THROWS_WITH_AS(from_tokens<basic_ipo_mean<>>{}(p.scores(), {}),
                         doctest::Contains("rejected response is empty"), argument_error);
    CHECK(from_tokens<dpo>{}(token_scores<double>{}, {}).loss == 0);
}

TEST_CASE("NaN and infinities are named by pair, column and token; columns that are not used are not read") {
    const token_pairs<double> good = random_token_pairs<double>(40, 5);
    const from_tokens<dpo> loss;
    const from_tokens<dpo, summed_tokens, policy_likelihood> weighted;
    const from_tokens<dpo, sequential_divergence> divergent;
    const from_tokens<dpo, clamped_log_ratios> clamped;
    const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
    std::size_t pair = 30;
    while (good.rejected.rows().tokens(pair) < 3) ++pair;
    const std::string named = message("pair ", pair, ": policy of rejected token 2 is");
    const doctest::Contains place(named.c_str());
    for (const double bad : {inf, -inf, nan}) {
        token_pairs<double> p = good;
        p.rejected.policy[p.rejected.offsets[pair] + 2] = bad;
        CHECK_THROWS_WITH_AS(loss(p.scores(), p.gradients()), place, numeric_error);
        CHECK_THROWS_WITH_AS(clamped(p.scores(), {}), place, numeric_error);
        const token_pairs<double> q = padded(p);
        CHECK_THROWS_WITH_AS(loss(q.scores(), {}), place, numeric_error);
        p = good;
        p.chosen.log_sum_squares[p.chosen.offsets[7]] = bad;
        CHECK_NOTHROW(loss(p.scores(), {}));
        CHECK_THROWS_WITH_AS(weighted(p.scores(), {}), doctest::Contains("pair 7: log_sum_squares of chosen token 0"),
                             numeric_error);
        p = good;
        p.chosen.divergence[p.chosen.offsets[7]] = bad;
        CHECK_NOTHROW(loss(p.scores(), {}));
        CHECK_THROWS_WITH_AS(divergent(p.scores(), {}), doctest::Contains("pair 7: divergence of chosen token 0"),
                             numeric_error);
    }
    token_pairs<double> p = good;
    p.target[3] = 1.5;
    CHECK_THROWS_WITH_AS(loss(p.scores(), {}), doctest::Contains("pair 3: target is 1.5"), argument_error);
    p = good;
    p.weight[3] = nan;
    CHECK_THROWS_WITH_AS(weighted(p.scores(), {}), doctest::Contains("pair 3: weight is"), numeric_error);
}

TEST_CASE("extreme log-probs saturate as the sequence-level loss does, and what exceeds double is said so") {
    const std::vector<std::size_t> offsets{0, 2};
    const std::vector<float> low(2, -3e38F), high(2, 0);
    std::vector<float> d(2), e(2);
    const token_rows rows{.offsets = offsets};
    const token_scores<float> wrong{.chosen = {.rows = rows, .policy = low},
                                    .rejected = {.rows = rows, .policy = high}};
    CHECK(from_tokens<dpo>{}(wrong, {{d, {}}, {e, {}}, {}}).loss == doctest::Approx(6e37));
    CHECK(d == std::vector<float>(2, -0.1F));
    CHECK(e == std::vector<float>(2, 0.1F));
    const std::vector<double> most(2, -1.5e308), none(2, 0);
    const token_scores<double> beyond{.chosen = {.rows = rows, .policy = most},
                                      .rejected = {.rows = rows, .policy = none}};
    CHECK_THROWS_WITH_AS(from_tokens<dpo>{}(beyond, {}), doctest::Contains("pair 0: the sum over the chosen response"),
                         numeric_error);
}

TEST_CASE("a column that the loss needs and does not get is named") {
    token_pairs<double> p = random_token_pairs<double>(3);
    p.rejected.log_sum_squares.clear();
    CHECK_THROWS_WITH_AS((from_tokens<dpo, summed_tokens, policy_likelihood>{}(p.scores(), {})),
                         doctest::Contains("rejected: this loss weighs pairs by the policy"), argument_error);
    p = random_token_pairs<double>(3);
    token_gradients<double> out = p.gradients();
    out.chosen.divergence = {};
    CHECK_THROWS_WITH_AS((from_tokens<dpo, sequential_divergence>{}(p.scores(), out)),
                         doctest::Contains("needs a place to go"), argument_error);
    p.chosen.divergence.clear();
    CHECK_THROWS_WITH_AS((from_tokens<dpo, sequential_divergence>{}(p.scores(), {})),
                         doctest::Contains("chosen: this loss needs the column divergence"), argument_error);
    CHECK_THROWS_AS((from_tokens<dpo, length_desensitised>{.part = {.ld_alpha = 2}}(p.scores(), {})), argument_error);
}
