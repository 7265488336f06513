// A preference loss of one's own: a penalty of ten lines is a loss with value, gradient, margins, weights, soft targets
// and metrics, at the speed of the built-in ones. Here the sigmoid loss φ(z) = σ(−z), bounded and so tolerant of wrong
// labels.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <vector>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/loss/named.hpp>

// The ten lines.
struct bounded {
    template <class Real> preflearn::margin_penalty<Real> operator()(Real z) const {
        const preflearn::logistic_terms<Real> at(z);
        return {at.down, -at.slope()};
    }
};
using bounded_dpo = preflearn::pairwise<preflearn::log_ratio, bounded>;
static_assert(preflearn::PreferenceLoss<bounded_dpo, float>);

namespace {

/// Nanoseconds a pair for value and gradient, the best of several passes.
template <class Loss>
double nanoseconds(const Loss& loss, const preflearn::pair_scores<float>& scores,
                   const preflearn::pair_gradients<float>& gradients) {
    double best = 1e9;
    for (int pass = 0; pass < 20; ++pass) {
        const auto start = std::chrono::steady_clock::now();
        loss(scores, gradients);
        const std::chrono::duration<double, std::nano> passed = std::chrono::steady_clock::now() - start;
        best = std::min(best, passed.count() / static_cast<double>(scores.size()));
    }
    return best;
}

} // namespace

int main() {
    constexpr std::size_t pairs = 1 << 20;
    preflearn::generator random(1, "own loss");
    const auto column = [&] {
        std::vector<float> values(pairs);
        for (float& x : values) x = static_cast<float>(-100 + 40 * random.uniform());
        return values;
    };
    const std::vector<float> chosen = column(), rejected = column(), reference_chosen = column(),
                             reference_rejected = column();
    std::vector<float> d_chosen(pairs), d_rejected(pairs);
    const preflearn::pair_scores<float> scores{.chosen = chosen,
                                               .rejected = rejected,
                                               .reference_chosen = reference_chosen,
                                               .reference_rejected = reference_rejected};
    const preflearn::pair_gradients<float> gradients{d_chosen, d_rejected};

    const bounded_dpo mine{.beta = 0.1};
    const preflearn::loss_sums sums = mine(scores, gradients);
    std::printf("mean loss %.4f, accuracy %.4f, gradient of the first pair %.5f\n", sums.loss / sums.weight,
                static_cast<double>(sums.correct) / static_cast<double>(sums.pairs), static_cast<double>(d_chosen[0]));
    std::printf("own loss %.2f ns a pair, DPO %.2f\n", nanoseconds(mine, scores, gradients),
                nanoseconds(preflearn::dpo{.beta = 0.1}, scores, gradients));
}
