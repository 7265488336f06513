/// \file
/// Batches of pairs token by token for the tests of token-level losses, with all columns, ragged or padded with holes.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/loss/tokens/scores.hpp>

/// One side's responses in flat columns.
template <class Real> struct token_half {
    std::vector<std::size_t> offsets{0};
    std::size_t length = 0; // padded when it is not 0
    std::vector<std::uint8_t> mask;
    std::vector<Real> policy, reference, log_sum_squares, divergence, weak_shift, d_policy, d_divergence;

    [[nodiscard]] preflearn::token_rows rows() const {
        if (length > 0) return {.length = length, .mask = mask};
        return {.offsets = offsets};
    }
    [[nodiscard]] preflearn::token_columns<Real> columns() const {
        return {rows(), policy, reference, log_sum_squares, divergence, weak_shift};
    }
    preflearn::token_derivatives<Real> derivatives() {
        d_policy.assign(policy.size(), std::numeric_limits<Real>::quiet_NaN());
        d_divergence.assign(divergence.size(), std::numeric_limits<Real>::quiet_NaN());
        return {d_policy, d_divergence};
    }
    std::array<std::vector<Real>*, 5> all() {
        return {&policy, &reference, &log_sum_squares, &divergence, &weak_shift};
    }
    /// Values at the tokens, in order.
    [[nodiscard]] std::vector<Real> at_tokens(const std::vector<Real>& values) const {
        std::vector<Real> found;
        for (std::size_t r = 0; r < rows().size(); ++r)
            rows().for_each_run(r, [&](std::size_t position, std::size_t, std::size_t count) {
                found.insert(found.end(), values.begin() + static_cast<std::ptrdiff_t>(position),
                             values.begin() + static_cast<std::ptrdiff_t>(position + count));
            });
        return found;
    }
};

template <class Real> struct token_pairs {
    token_half<Real> chosen, rejected;
    std::vector<Real> weight, target, margin, values;

    [[nodiscard]] preflearn::token_scores<Real> scores() const {
        return {chosen.columns(), rejected.columns(), weight, target, margin};
    }
    preflearn::token_gradients<Real> gradients() {
        values.assign(chosen.rows().size(), std::numeric_limits<Real>::quiet_NaN());
        return {chosen.derivatives(), rejected.derivatives(), values};
    }
};

/// n pairs of responses of 1 to `longest` tokens with every column, on a grid that float holds exactly.
template <class Real>
token_pairs<Real> random_token_pairs(std::size_t n, std::uint64_t seed = 1, std::size_t longest = 40) {
    preflearn::generator random(seed, "token pairs");
    token_pairs<Real> p;
    const auto grid = [&](double low, double high) {
        return static_cast<Real>(std::round((low + (high - low) * random.uniform()) * 64) / 64);
    };
    for (std::size_t i = 0; i < n; ++i) {
        for (token_half<Real>* side : {&p.chosen, &p.rejected}) {
            const std::size_t tokens = 1 + random.below(longest);
            for (std::size_t t = 0; t < tokens; ++t) {
                side->policy.push_back(grid(-5, -0.1));
                side->reference.push_back(grid(-5, -0.1));
                side->log_sum_squares.push_back(grid(-3, -0.1));
                side->divergence.push_back(grid(0, 1));
                side->weak_shift.push_back(grid(-1, 1));
            }
            side->offsets.push_back(side->policy.size());
        }
        p.weight.push_back(grid(0, 2));
        p.target.push_back(grid(0, 1));
        p.margin.push_back(grid(-1, 1));
    }
    return p;
}

/// The same tokens padded, with NaN in the padding: in front, behind and between the tokens.
template <class Real> token_half<Real> padded(const token_half<Real>& from, std::uint64_t seed) {
    preflearn::generator random(seed, "padding");
    token_half<Real> to;
    const std::size_t n = from.offsets.size() - 1;
    for (std::size_t r = 0; r < n; ++r) to.length = std::max(to.length, from.offsets[r + 1] - from.offsets[r] + 7);
    to.mask.assign(n * to.length, 0);
    for (std::size_t r = 0; r < n; ++r) {
        std::size_t left = from.offsets[r + 1] - from.offsets[r];
        for (std::size_t at = 0; at < to.length; ++at) {
            if (left > 0 && (to.length - at == left || random.below(5) > 0)) {
                to.mask[r * to.length + at] = static_cast<std::uint8_t>(1 + random.below(255));
                --left;
            }
        }
    }
    token_half<Real> source = from;
    for (std::size_t column = 0; column < 5; ++column) {
        to.all()[column]->assign(to.mask.size(), std::numeric_limits<Real>::quiet_NaN());
        for (std::size_t at = 0, next = 0; at < to.mask.size(); ++at)
            if (to.mask[at] != 0) (*to.all()[column])[at] = (*source.all()[column])[next++];
    }
    return to;
}
template <class Real> token_pairs<Real> padded(const token_pairs<Real>& from) {
    return {padded(from.chosen, 1), padded(from.rejected, 2), from.weight, from.target, from.margin, {}};
}

/// The largest difference between the gradients of a loss and central differences of its sum, over all tokens and,
/// where `divergences`, over all divergences.
template <class Loss> double token_gradient_error(const Loss& loss, token_pairs<double> p, bool divergences = false) {
    loss(p.scores(), p.gradients());
    double worst = 0;
    const auto compare = [&](std::vector<double>& column, const std::vector<double>& gradient) {
        for (std::size_t i = 0; i < column.size(); ++i) {
            const double at = column[i], step = 1e-5;
            column[i] = at + step;
            const double above = loss(p.scores(), {}).loss;
            column[i] = at - step;
            const double below = loss(p.scores(), {}).loss;
            column[i] = at;
            worst = std::max(worst, std::abs((above - below) / (2 * step) - gradient[i]));
        }
    };
    for (token_half<double>* side : {&p.chosen, &p.rejected}) {
        compare(side->policy, side->d_policy);
        if (divergences) compare(side->divergence, side->d_divergence);
    }
    return worst;
}
