/// \file
/// Batches of single completions for the tests of unpaired losses, and the laws that such losses keep.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <doctest/doctest.h>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/loss/single/completions.hpp>

template <class Real> struct completions {
    std::vector<Real> log_prob, reference, weight, mismatched, gradient;
    std::vector<std::uint8_t> desirable;

    [[nodiscard]] preflearn::completion_scores<Real> scores() const {
        return {log_prob, desirable, reference, weight, mismatched};
    }
    [[nodiscard]] preflearn::completion_scores<Real> part(std::size_t begin, std::size_t end) const {
        const auto of = [=](const auto& column) {
            const std::span all(column);
            return all.empty() ? all : all.subspan(begin, end - begin);
        };
        return {of(log_prob), of(desirable), of(reference), of(weight), of(mismatched)};
    }
    std::span<Real> out() {
        gradient.resize(log_prob.size());
        return gradient;
    }
};

/// n completions with every column, on a grid that float holds exactly.
template <class Real> completions<Real> random_completions(std::size_t n, std::uint64_t seed = 1) {
    preflearn::generator random(seed, "completions");
    completions<Real> c;
    const auto grid = [&](double low, double high) {
        return static_cast<Real>(std::round((low + (high - low) * random.uniform()) * 64) / 64);
    };
    for (std::size_t i = 0; i < n; ++i) {
        c.log_prob.push_back(grid(-60, -1));
        c.reference.push_back(grid(-60, -1));
        c.weight.push_back(grid(0, 2));
        c.mismatched.push_back(grid(-4, 6));
        c.desirable.push_back(random.uniform() < 0.4 ? 1 : 0);
    }
    return c;
}

/// The largest difference between the gradient and central differences, the state held fixed.
template <class Loss> double gradient_error_under(const Loss& loss, completions<double> c) {
    const auto state = loss.reduce(c.scores());
    loss.map(c.scores(), state, c.out());
    double worst = 0;
    for (std::size_t i = 0; i < c.log_prob.size(); ++i) {
        const double at = c.log_prob[i], step = 1e-5;
        c.log_prob[i] = at + step;
        const double above = loss.map(c.part(i, i + 1), state, std::span<double>()).loss;
        c.log_prob[i] = at - step;
        const double below = loss.map(c.part(i, i + 1), state, std::span<double>()).loss;
        c.log_prob[i] = at;
        worst = std::max(worst, std::abs((above - below) / (2 * step) - c.gradient[i]));
    }
    return worst;
}

/// Shards merge to the bits of the batch in any grouping, and the threads change none.
template <class Loss> void check_shards(const Loss& loss, completions<double> c) {
    const std::size_t n = c.log_prob.size();
    const preflearn::unpaired_sums whole = loss(c.scores(), c.out());
    const std::vector<double> gradient = c.gradient;
    for (const std::size_t size : {n, n / 2 + 1, n / 7 + 1}) {
        auto state = loss.reduce(c.part(0, size)), last = loss.reduce(c.part(n, n));
        for (std::size_t at = size; at < n; at += size) last += loss.reduce(c.part(at, std::min(n, at + size)));
        state += last;
        preflearn::unpaired_sums added;
        std::vector<double> parts(n);
        for (std::size_t at = 0; at < n; at += size) {
            const std::size_t end = std::min(n, at + size);
            added += loss.map(c.part(at, end), state, std::span(parts).subspan(at, end - at));
        }
        CHECK(parts == gradient);
        CHECK(added.loss == doctest::Approx(whole.loss).epsilon(1e-13));
        CHECK(added.desirable == whole.desirable);
        CHECK(added.baselines == doctest::Approx(whole.baselines).epsilon(1e-13));
    }
#if defined(_OPENMP)
    const int before = omp_get_max_threads();
    for (const int threads : {1, 2, 3, 7}) {
        omp_set_num_threads(threads);
        CHECK(loss(c.scores(), c.out()).loss == whole.loss);
        CHECK(c.gradient == gradient);
    }
    omp_set_num_threads(before);
#endif
}
