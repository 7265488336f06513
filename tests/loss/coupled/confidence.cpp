#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/loss/coupled/confidence.hpp>
#include <preflearn/loss/named.hpp>

#include "../dual.hpp"
#include "../shards.hpp"

using namespace preflearn;

static_assert(CoupledPreferenceLoss<confident_dpo_quantile, float> &&
              CoupledPreferenceLoss<confident_dpo_quantile, double>);

namespace {

/// torch.quantile of sorted values, linear between ranks.
extended quantile(std::vector<extended> values, extended level) {
    std::ranges::sort(values);
    const extended place = level * static_cast<extended>(values.size() - 1), below = std::floor(place + 1e-12L);
    const auto k = static_cast<std::size_t>(below);
    return k + 1 < values.size() && place > below ? values[k] + (place - below) * (values[k + 1] - values[k])
                                                  : values[k];
}

/// The authors' code, on pairs: threshold = quantile(z, 1 − mean q), hard = z ≥ threshold.
extended naive_loss(const confident_dpo_quantile& loss, const pairs<double>& p) {
    std::vector<extended> z;
    extended mean = 0;
    for (std::size_t i = 0; i < p.chosen.size(); ++i) {
        z.push_back(extended(loss.beta) *
                        (extended(p.chosen[i]) - p.reference_chosen[i] - p.rejected[i] + p.reference_rejected[i]) -
                    p.margin[i]);
        mean += extended(p.target[i]) / static_cast<extended>(p.chosen.size());
    }
    const extended threshold = quantile(z, 1 - mean);
    extended sum = 0;
    for (std::size_t i = 0; i < z.size(); ++i) {
        const extended q =
            (1 - extended(loss.alpha)) * p.target[i] + extended(loss.alpha) * (z[i] >= threshold - 1e-15L ? 1 : 0);
        sum += p.weight[i] * (-q * log_sigma(z[i]).value - (1 - q) * log_sigma(-z[i]).value);
    }
    return sum;
}

} // namespace

TEST_CASE("value is that of the authors' code") {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        const pairs<double> p = random_pairs<double>(1 + 7 * seed, seed);
        const confident_dpo_quantile loss{.beta = 0.5, .alpha = 0.3};
        CHECK(loss(p.scores(), {}).loss == doctest::Approx(static_cast<double>(naive_loss(loss, p))).epsilon(1e-12));
    }
}

TEST_CASE("the threshold lies between the number of the rank and the next one below, however many there are") {
    generator random(3, "threshold");
    for (const std::size_t n : {1U, 2U, 1000U, 50'001U}) {
        for (const std::uint64_t distinct : {std::uint64_t{1}, std::uint64_t{3}, std::uint64_t{1} << 40}) {
            std::vector<double> margins(n);
            for (double& z : margins) z = static_cast<double>(random.below(distinct)) - 7;
            std::vector<double> sorted = margins;
            std::ranges::sort(sorted);
            for (const double share : {0.0, 0.003, 0.4, 1.0}) {
                exact_sum targets;
                targets += share * static_cast<double>(n);
                const auto at = static_cast<std::size_t>(std::ceil((1 - share) * static_cast<double>(n - 1) - 1e-9));
                const double threshold = confidence_state(margins, targets).threshold();
                CHECK(std::ranges::count_if(sorted, [=](double z) { return z > threshold; }) ==
                      sorted.end() - std::ranges::lower_bound(sorted, sorted[at]));
            }
        }
    }
}

TEST_CASE("as large a share of the pairs is hardened to one as the labels have") {
    pairs<double> p = random_pairs<double>(1001);
    p.margin.clear();
    p.weight.clear();
    for (const double share : {0.0, 0.25, 0.5, 0.8, 1.0}) {
        p.target.assign(1001, share);
        const confident_dpo_quantile loss{.beta = 1, .alpha = 1}; // the target is the hardened prediction alone
        loss(p.scores(), p.gradients());
        const auto raised = std::ranges::count_if(p.d_chosen, [](double d) { return d < 0; });
        CHECK(std::abs(static_cast<double>(raised) - (share * 1000 + 1)) <= 6); // ties of the grid
    }
}

TEST_CASE("at α = 0 it is DPO with soft labels, and the hardened prediction has no gradient") {
    pairs<double> p = random_pairs<double>(200), q = p;
    CHECK(confident_dpo_quantile{.alpha = 0}(p.scores(), p.gradients()).loss == dpo{}(q.scores(), q.gradients()).loss);
    CHECK(p.d_chosen == q.d_chosen);
    // Finite differences see no jump: the step is below the distance of margins on the grid.
    CHECK(batch_gradient_error(confident_dpo_quantile{.beta = 0.5}, random_pairs<double>(31)) < 1e-7);
}

TEST_CASE("merged shards are the batch to the bit, and the threads change none") {
    check_merging(confident_dpo_quantile{}, random_pairs<double>(300), 0);
    check_threads(confident_dpo_quantile{}, random_pairs<double>(40'000));
    check_threads(confident_dpo_quantile{}, random_pairs<float>(40'000));
}

TEST_CASE("what is not finite is named") {
    pairs<double> p = random_pairs<double>(10);
    p.margin[4] = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH_AS(confident_dpo_quantile{}(p.scores(), p.gradients()),
                         doctest::Contains("pair 4: margin is nan"), numeric_error);
    const pairs<double> none;
    CHECK(confident_dpo_quantile{}(none.scores(), {}).loss == 0);
}
