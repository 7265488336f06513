#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/half.hpp>
#include <preflearn/loss/tokens/evaluate.hpp>
#include <preflearn/loss/tokens/named.hpp>
#include <preflearn/loss/tokens/wspo.hpp>

#include "../token_pairs.hpp"

using namespace preflearn;

TEST_CASE("reductions are the sum, the mean and the weighted mean, of values and gradients alike") {
    token_pairs<double> p = random_token_pairs<double>(90);
    double weight = 0;
    for (const double w : p.weight) weight += w;
    const auto check = [&](const auto& loss) {
        const double sum = reduced_loss(loss, p.scores(), reduction::sum);
        value_and_gradient(loss, p.scores(), p.gradients(), reduction::sum);
        const std::vector<double> summed = p.chosen.d_policy;
        CHECK(reduced_loss(loss, p.scores(), reduction::mean) == doctest::Approx(sum / 90).epsilon(1e-14));
        CHECK(reduced_loss(loss, p.scores()) == doctest::Approx(sum / weight).epsilon(1e-14));
        value_and_gradient(loss, p.scores(), p.gradients(), reduction::mean);
        for (std::size_t at = 0; at < summed.size(); ++at)
            CHECK(p.chosen.d_policy[at] == doctest::Approx(summed[at] / 90).epsilon(1e-14));
        double each = 0;
        std::vector<double> losses(90);
        losses_of_pairs(loss, p.scores(), std::span(losses));
        for (const double x : losses) each += x;
        CHECK(each == doctest::Approx(sum).epsilon(1e-12));
    };
    check(ld_dpo<>{});
    check(wpo<>{}); // the policy's weights are no part of the mean's denominator
    check(wspo{});
}

TEST_CASE("the mean's gradient in the divergence is that of finite differences") {
    token_pairs<double> p = random_token_pairs<double>(5, 3, 8);
    const tdpo2<> loss{.loss = {.beta = 0.5}};
    value_and_gradient(loss, p.scores(), p.gradients(), reduction::mean);
    const std::vector<double> found = p.rejected.d_divergence;
    for (std::size_t at = 0; at < found.size(); ++at) {
        const double start = p.rejected.divergence[at];
        p.rejected.divergence[at] = start + 1e-5;
        const double above = reduced_loss(loss, p.scores(), reduction::mean);
        p.rejected.divergence[at] = start - 1e-5;
        const double below = reduced_loss(loss, p.scores(), reduction::mean);
        p.rejected.divergence[at] = start;
        CHECK(std::abs((above - below) / 2e-5 - found[at]) < 1e-9);
    }
}

TEST_CASE_TEMPLATE("16-bit tokens are read as they lie and summed in double", Half, float16, bfloat16) {
    token_pairs<double> p = random_token_pairs<double>(30, 4);
    token_pairs<Half> h;
    for (const auto& [from, to] : {std::pair{&p.chosen, &h.chosen}, {&p.rejected, &h.rejected}}) {
        to->offsets = from->offsets;
        for (std::size_t column = 0; column < 5; ++column) {
            for (double& value : *from->all()[column]) {
                to->all()[column]->push_back(Half(static_cast<float>(value)));
                value = static_cast<double>(to->all()[column]->back()); // what 16 bits hold
            }
        }
        to->d_policy.resize(to->policy.size());
    }
    p.weight = p.target = p.margin = {};
    h.values.resize(30);
    const token_gradients<Half> out{{h.chosen.d_policy, {}}, {h.rejected.d_policy, {}}, h.values};
    const loss_report wide = value_and_gradient(wpo<>{}, p.scores(), p.gradients(), reduction::mean);
    const loss_report narrow = value_and_gradient(wpo<>{}, h.scores(), out, reduction::mean);
    CHECK(narrow.value == wide.value);
    CHECK(narrow.rewards_margins == wide.rewards_margins);
    for (std::size_t at = 0; at < p.chosen.d_policy.size(); ++at)
        CHECK(static_cast<double>(h.chosen.d_policy[at]) == doctest::Approx(p.chosen.d_policy[at]).epsilon(0.02));
    CHECK(reduced_loss(wspo{}, h.scores()) == reduced_loss(wspo{}, p.scores()));
    std::vector<double> each(30);
    losses_of_pairs(wpo<>{}, p.scores(), std::span(each));
    losses_of_pairs(wpo<>{}, h.scores(), std::span(h.values));
    for (std::size_t i = 0; i < each.size(); ++i) CHECK(h.values[i] == stored<Half>(each[i]));
}

TEST_CASE("a loss that writes no values of pairs is told so") {
    struct silent {
        loss_sums operator()(const token_scores<double>& scores, const token_gradients<double>&) const {
            return {.weight = 1, .pairs = scores.size()};
        }
    };
    const token_pairs<double> p = random_token_pairs<double>(3);
    std::vector<double> out(3), two(2);
    CHECK_THROWS_WITH_AS(losses_of_pairs(silent{}, p.scores(), std::span(out)), doctest::Contains("pair 0 has none"),
                         argument_error);
    CHECK_THROWS_AS(losses_of_pairs(silent{}, p.scores(), std::span(two)), argument_error);
}
