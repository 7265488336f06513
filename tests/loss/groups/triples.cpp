#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/loss/named.hpp>

#include "../../finite_differences.hpp"
#include "../pairs.hpp"

using namespace preflearn;

namespace {

/// Random pairs with every column, and gold responses.
struct triples {
    pairs<double> of_pairs;
    std::vector<double> gold, d_gold, values;
    std::vector<std::uint32_t> gold_tokens;

    explicit triples(std::size_t n) : of_pairs(random_pairs<double>(n)), d_gold(n), values(n) {
        generator random(8, "gold");
        for (std::size_t i = 0; i < n; ++i) {
            gold.push_back(-50 * random.uniform());
            gold_tokens.push_back(static_cast<std::uint32_t>(1 + random.below(30)));
        }
    }
    [[nodiscard]] triple_scores<double> scores() const { return {of_pairs.scores(), gold, gold_tokens}; }
    triple_gradients<double> gradients() {
        pair_gradients<double> of = of_pairs.gradients();
        of.values = values;
        return {of, d_gold};
    }
};

} // namespace

TEST_CASE("gradients are the derivatives, under weights, targets and margins") {
    triples t(60);
    for_each_triple_loss([&]<class Loss>(Loss loss) {
        loss.beta = 0.3;
        INFO(description_of<Loss>.name);
        loss(t.scores(), t.gradients());
        const std::vector<double> d_gold = t.d_gold, d_chosen = t.of_pairs.d_chosen, d_rejected = t.of_pairs.d_rejected;
        const auto value = [&] { return loss(t.scores(), {}).loss; };
        CHECK(test::gradient_error(std::span(t.gold), std::span(d_gold), value) < 1e-6);
        CHECK(test::gradient_error(std::span(t.of_pairs.chosen), std::span(d_chosen), value) < 1e-6);
        CHECK(test::gradient_error(std::span(t.of_pairs.rejected), std::span(d_rejected), value) < 1e-6);
    });
}

TEST_CASE("a triple is its contrast and its gold response's likelihood, and the batch's mean is reported") {
    triples t(5000); // more than a slice
    const with_gold_likelihood<dpo> loss{.contrast = {.beta = 0.2}, .alpha = 0.5};
    static_assert(decltype(loss)::uses_reference && !decltype(loss)::uses_tokens);
    const loss_report report = value_and_gradient(loss, t.scores(), t.gradients(), reduction::sum);
    pairs<double> alone = t.of_pairs;
    std::vector<double> values(5000);
    double likelihood = 0;
    const loss_sums contrast =
        dpo{.beta = 0.2}(alone.scores(), pair_gradients<double>{alone.d_chosen, alone.d_rejected, values});
    for (std::size_t i = 0; i < 5000; ++i) {
        const double own = -0.5 * alone.weight[i] * t.gold[i] / t.gold_tokens[i];
        likelihood += own;
        CHECK(t.d_gold[i] == doctest::Approx(-0.5 * alone.weight[i] / t.gold_tokens[i]).epsilon(1e-15));
        CHECK(t.values[i] == doctest::Approx(values[i] + own).epsilon(1e-14));
    }
    CHECK(t.of_pairs.d_chosen == alone.d_chosen);
    CHECK(report.value == doctest::Approx(contrast.loss + likelihood).epsilon(1e-13));
    CHECK(report.rewards_chosen == doctest::Approx(contrast.chosen_rewards / 5000).epsilon(1e-13));
    const std::vector<double> d_gold = t.d_gold;
    const loss_report mean = value_and_gradient(loss, t.scores(), t.gradients());
    CHECK(mean.value == doctest::Approx(report.value / contrast.weight).epsilon(1e-14));
    CHECK(t.d_gold[4321] == doctest::Approx(d_gold[4321] / contrast.weight).epsilon(1e-14));
    CHECK(value_and_gradient(loss, t.scores(), {}).value == mean.value);
}

TEST_CASE("what does not fit or is not finite is named by the pair's place among all") {
    const auto complaint = [](auto change) {
        triples t(3000);
        change(t);
        try {
            tpo_l{}(t.scores(), t.gradients());
        } catch (const error& failure) {
            return std::string(failure.what());
        }
        return std::string("no complaint");
    };
    CHECK(complaint([](triples& t) { t.gold[2500] = std::numeric_limits<double>::infinity(); }) ==
          "pair 2500: gold is inf, a finite number was expected");
    CHECK(complaint([](triples& t) { t.gold_tokens[7] = 0; }) ==
          "pair 7: gold_tokens is 0, a length above 0 was expected");
    CHECK(complaint([](triples& t) { t.gold.pop_back(); }) ==
          "gold and gold_tokens have 2999 and 3000 entries for 3000 pairs");
    CHECK(complaint([](triples& t) { t.d_gold.pop_back(); }) == "the gradient of gold has 2999 entries for 3000 pairs");
    CHECK(complaint([](triples& t) { t.of_pairs.weight[2600] = -1; }).starts_with("pair 2600: weight is -1"));
    CHECK(complaint([](triples& t) { t.of_pairs.chosen[2600] = NAN; }).starts_with("pair 2600: chosen is nan"));
}
