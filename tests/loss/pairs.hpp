/// \file
/// Batches of pairs for the tests of losses, with all columns, and the finite differences of any loss on them.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/scores.hpp>

template <class Real> struct pairs {
    std::vector<Real> chosen, rejected, reference_chosen, reference_rejected, weight, target, margin;
    std::vector<std::uint32_t> chosen_tokens, rejected_tokens;
    std::vector<Real> d_chosen, d_rejected;

    [[nodiscard]] preflearn::pair_scores<Real> scores() const {
        return {chosen, rejected, reference_chosen, reference_rejected, chosen_tokens, rejected_tokens, weight,
                target, margin};
    }
    preflearn::pair_gradients<Real> gradients() {
        d_chosen.resize(chosen.size());
        d_rejected.resize(chosen.size());
        return {d_chosen, d_rejected};
    }
};

/// n pairs with every column, on a grid that float holds exactly.
template <class Real> pairs<Real> random_pairs(std::size_t n, std::uint64_t seed = 1) {
    preflearn::generator random(seed, "pairs");
    pairs<Real> p;
    const auto grid = [&](double low, double high) {
        return static_cast<Real>(std::round((low + (high - low) * random.uniform()) * 64) / 64);
    };
    for (std::size_t i = 0; i < n; ++i) {
        p.chosen.push_back(grid(-60, -1));
        p.rejected.push_back(grid(-60, -1));
        p.reference_chosen.push_back(grid(-60, -1));
        p.reference_rejected.push_back(grid(-60, -1));
        p.weight.push_back(grid(0, 2));
        p.target.push_back(grid(0, 1));
        p.margin.push_back(grid(-1, 1));
        p.chosen_tokens.push_back(static_cast<std::uint32_t>(1 + random.below(30)));
        p.rejected_tokens.push_back(static_cast<std::uint32_t>(1 + random.below(30)));
    }
    return p;
}

/// The loss of one pair with log-ratios u and v (of log-probs u and v where the loss takes no reference), one token
/// each.
template <class Loss> double value_of(const Loss& loss, double u, double v) {
    const std::vector<double> chosen{u}, rejected{v}, none{0};
    const std::vector<std::uint32_t> tokens{1};
    return loss(preflearn::pair_scores<double>{.chosen = chosen,
                                               .rejected = rejected,
                                               .reference_chosen = none,
                                               .reference_rejected = none,
                                               .chosen_tokens = tokens,
                                               .rejected_tokens = tokens},
                preflearn::pair_gradients<double>{})
        .loss;
}

/// Pairs without the margin column, which a loss of both rewards does not take.
inline pairs<double> marginless(std::size_t n, std::uint64_t seed = 1) {
    pairs<double> p = random_pairs<double>(n, seed);
    p.margin.clear();
    return p;
}

/// The largest difference between the gradient of a loss and central differences of its value, per pair.
template <class Loss> double gradient_error(const Loss& loss, pairs<double> p) {
    loss(p.scores(), p.gradients());
    const auto value = [&](std::size_t i) { // of one pair alone, so that the others' rounding does not count
        const auto at = [i](const auto& column) { return column.empty() ? column : column.subspan(i, 1); };
        const preflearn::pair_scores<double> all = p.scores();
        const preflearn::pair_scores<double> one{
            at(all.chosen),        at(all.rejected),        at(all.reference_chosen), at(all.reference_rejected),
            at(all.chosen_tokens), at(all.rejected_tokens), at(all.weight),           at(all.target),
            at(all.margin)};
        return loss(one, preflearn::pair_gradients<double>{}).loss;
    };
    double worst = 0;
    for (auto [column, gradient] : {std::pair{&p.chosen, &p.d_chosen}, std::pair{&p.rejected, &p.d_rejected}}) {
        for (std::size_t i = 0; i < column->size(); ++i) {
            const double at = (*column)[i], step = 1e-5;
            (*column)[i] = at + step;
            const double above = value(i);
            (*column)[i] = at - step;
            const double below = value(i);
            (*column)[i] = at;
            worst = std::max(worst, std::abs((above - below) / (2 * step) - (*gradient)[i]));
        }
    }
    return worst;
}
