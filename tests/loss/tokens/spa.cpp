#include <array>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/loss_concepts.hpp>
#include <preflearn/loss/tokens/from_tokens.hpp>
#include <preflearn/loss/tokens/spa.hpp>

#include "../token_pairs.hpp"

using namespace preflearn;

static_assert(TokenLoss<spa, double> && TokenLoss<spa, float>);
static_assert(CoupledLoss<spa, token_scores<double>>);

namespace {

using spa_distribution = std::array<double, 3>;

/// log p_λ(y) of the softmax of (1 + λ) log p − λ log p_ref over a vocabulary of three.
double spa_extrapolated(const spa_distribution& p, const spa_distribution& reference, double lambda, std::size_t y) {
    std::array<double, 3> logits{};
    double sum = 0;
    for (std::size_t v = 0; v < 3; ++v) {
        logits[v] = (1 + lambda) * std::log(p[v]) - lambda * std::log(reference[v]);
        sum += std::exp(logits[v]);
    }
    return logits[y] - std::log(sum);
}

/// The pairs from begin to end.
token_pairs<double> spa_part(const token_pairs<double>& p, std::size_t begin, std::size_t end) {
    token_pairs<double> part;
    const auto cut = [](const std::vector<double>& from, std::size_t first, std::size_t last) {
        return std::vector<double>(from.begin() + static_cast<std::ptrdiff_t>(first),
                                   from.begin() + static_cast<std::ptrdiff_t>(last));
    };
    part.weight = cut(p.weight, begin, end);
    part.target = cut(p.target, begin, end);
    part.margin = cut(p.margin, begin, end);
    for (auto [from, to] : {std::pair(&p.chosen, &part.chosen), std::pair(&p.rejected, &part.rejected)}) {
        const std::size_t first = from->offsets[begin], last = from->offsets[end];
        for (std::size_t i = begin; i < end; ++i) to->offsets.push_back(from->offsets[i + 1] - first);
        to->policy = cut(from->policy, first, last);
        to->reference = cut(from->reference, first, last);
        to->divergence = cut(from->divergence, first, last);
    }
    return part;
}

} // namespace

TEST_CASE("labels of which the extrapolated model is least sure are smoothed, by hand") {
    // One token a response, of a vocabulary of three; the first pair's chosen token is 0 and its rejected one 1.
    const double beta = 0.5, lambda = 0.5, alpha = 0.1;
    const std::vector<spa_distribution> policies{{0.6, 0.3, 0.1}, {0.2, 0.7, 0.1}, {0.34, 0.33, 0.33}},
        references{{0.4, 0.4, 0.2}, {0.3, 0.6, 0.1}, {0.1, 0.1, 0.8}};
    token_pairs<double> p = random_token_pairs<double>(3, 1);
    for (auto* side : {&p.chosen, &p.rejected}) side->offsets = {0, 1, 2, 3};
    p.weight.clear();
    p.target.clear();
    p.margin.clear();
    std::vector<double> confidence, margin;
    for (std::size_t i = 0; i < 3; ++i) {
        double spread = 0;
        for (std::size_t v = 0; v < 3; ++v)
            spread += std::pow(policies[i][v], 1 + lambda) * std::pow(references[i][v], -lambda);
        const auto put = [&](auto& side, std::size_t token) {
            side.policy[i] = std::log(policies[i][token]);
            side.reference[i] = std::log(references[i][token]);
            side.divergence[i] = std::log(spread);
            return beta * (spa_extrapolated(policies[i], references[i], lambda, token) - side.reference[i]);
        };
        const double won = put(p.chosen, 0), lost = put(p.rejected, 1);
        confidence.push_back(won - lost);
        margin.push_back(beta *
                         (std::log(policies[i][0] / references[i][0]) - std::log(policies[i][1] / references[i][1])));
    }
    for (auto* side : {&p.chosen, &p.rejected})
        for (auto* column : {&side->policy, &side->reference, &side->divergence, &side->log_sum_squares,
                             &side->weak_shift, &side->d_policy, &side->d_divergence})
            column->resize(3);
    REQUIRE(confidence[1] < confidence[2]);
    REQUIRE(confidence[2] < confidence[0]);
    const spa loss{
        .beta = beta, .alpha = alpha, .share = 0.5, .lambda = lambda}; // the second alone is below the median
    double expected = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        const double t = i == 1 ? alpha : 0;
        expected += (1 - t) * std::log1p(std::exp(-margin[i])) + t * std::log1p(std::exp(margin[i]));
    }
    CHECK(loss(p.scores(), p.gradients()).loss == doctest::Approx(expected).epsilon(1e-13));
    const double s = 1 / (1 + std::exp(-margin[1]));
    CHECK(p.chosen.d_policy[1] == doctest::Approx(beta * (s - (1 - alpha))).epsilon(1e-13));
    for (const double d : p.chosen.d_divergence) CHECK(d == 0);
}

TEST_CASE("the divergence alone can make a label unsure; without it the margin decides") {
    const label_confidences sure({3, 1, 2, 0.5, 5});
    CHECK(sure.least(0) == std::vector<bool>(5, false));
    CHECK(sure.least(0.25) == std::vector<bool>{false, false, false, true, false});
    CHECK(sure.least(0.26) == std::vector<bool>{false, true, false, true, false});
    CHECK(sure.least(0.5) == std::vector<bool>{false, true, false, true, false});
    CHECK(label_confidences({1, 1, 1}).least(0.9) == std::vector<bool>(3, false));
    token_pairs<double> p = random_token_pairs<double>(2, 2);
    p.target.clear();
    for (auto* side : {&p.chosen, &p.rejected}) {
        side->policy.assign(side->policy.size(), -1);
        side->reference.assign(side->policy.size(), -1);
        side->divergence.assign(side->policy.size(), 0);
    }
    const spa loss{.alpha = 0.5, .share = 0.9};
    const std::vector<bool> none = loss.reduce(p.scores()).least(0.9);
    CHECK(none == std::vector<bool>{false, false});
    p.chosen.divergence[p.chosen.offsets[1]] = 3; // the second pair's chosen response
    CHECK(loss.reduce(p.scores()).least(0.9) == std::vector<bool>{false, true});
}

TEST_CASE("how far the logits are extrapolated decides between margin and divergence") {
    token_pairs<double> p = random_token_pairs<double>(2, 2);
    p.target.clear();
    for (auto* side : {&p.chosen, &p.rejected}) {
        side->policy.assign(side->policy.size(), -1);
        side->reference.assign(side->policy.size(), -1);
        side->divergence.assign(side->policy.size(), 0);
    }
    p.chosen.policy[0] = 9;                                                                  // u - v = 10
    p.chosen.divergence[0] = 8;                                                              // D_w - D_l
    p.chosen.policy[p.chosen.offsets[1]] = 4;                                                // 5, and nothing
    CHECK(spa{.lambda = 0}.reduce(p.scores()).least(0.9) == std::vector<bool>{true, false}); // 2 and 5
    CHECK(spa{.lambda = 1}.reduce(p.scores()).least(0.9) == std::vector<bool>{false, true}); // 12 and 10
}

TEST_CASE("with nothing smoothed it is DPO, and the gradient is that of finite differences") {
    token_pairs<double> p = random_token_pairs<double>(30, 5), q = p;
    CHECK(spa{.share = 0}(p.scores(), p.gradients()).loss == from_tokens<dpo>{}(q.scores(), q.gradients()).loss);
    CHECK(p.chosen.d_policy == q.chosen.d_policy);
    CHECK(token_gradient_error(spa{.beta = 0.3, .share = 0.4}, random_token_pairs<double>(10, 3, 12)) < 1e-8);
}

TEST_CASE("shards under the merged state are the batch") {
    token_pairs<double> p = random_token_pairs<double>(20, 6);
    const spa loss{.share = 0.3};
    const loss_sums whole = loss(p.scores(), p.gradients());
    token_pairs<double> left = spa_part(p, 0, 7), right = spa_part(p, 7, 20);
    label_confidences state = loss.reduce(left.scores());
    state += loss.reduce(right.scores());
    loss_sums sums = loss.map(left.scores(), state, left.gradients(), 0);
    sums += loss.map(right.scores(), state, right.gradients(), 7);
    CHECK(sums.loss == doctest::Approx(whole.loss).epsilon(1e-13));
    CHECK(sums.pairs == 20);
}

TEST_CASE("what it lacks is named") {
    token_pairs<double> p = random_token_pairs<double>(3, 7);
    CHECK_THROWS_AS(spa{.alpha = 2}(p.scores(), {}), argument_error);
    CHECK_THROWS_AS(spa{.lambda = -1}(p.scores(), {}), argument_error);
    p.chosen.divergence.clear();
    CHECK_THROWS_WITH_AS(spa{}(p.scores(), {}), doctest::Contains("needs the column divergence"), argument_error);
}
