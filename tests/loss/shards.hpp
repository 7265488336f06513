/// \file
/// The laws that every CoupledLoss keeps, checked on any of them: merging, threads, finite differences of the batch.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <doctest/doctest.h>

#include <preflearn/loss/coupled/coupled_loss.hpp>
#include <preflearn/loss/pairs/slices.hpp>

#include "pairs.hpp"

template <class Real> preflearn::pair_scores<Real> part_of(const pairs<Real>& p, std::size_t begin, std::size_t end) {
    return preflearn::slice_of(p.scores(), begin, end - begin);
}

/// Merged states of shards are the state of the batch in any grouping, and the shards' maps add up to it. `tolerance`
/// is 0 where merging is exact.
template <class Loss> void check_merging(const Loss& loss, pairs<double> p, double tolerance) {
    const std::size_t n = p.chosen.size();
    const preflearn::loss_sums whole = loss(p.scores(), p.gradients());
    const std::vector<double> chosen = p.d_chosen, rejected = p.d_rejected;
    const auto near = [=](double a, double b) { return std::abs(a - b) <= tolerance * (std::abs(a) + std::abs(b)); };
    const std::vector<std::vector<std::size_t>> splits{
        {0, n}, {0, 1, n}, {0, n / 3, n / 3, n / 2, n}, {0, n / 2, n - 1, n}};
    for (const std::vector<std::size_t>& ends : splits) {
        for (const bool from_the_right : {false, true}) {
            std::vector<preflearn::coupled_state<Loss, double>> states;
            for (std::size_t s = 0; s + 1 < ends.size(); ++s)
                states.push_back(loss.reduce(part_of(p, ends[s], ends[s + 1])));
            while (states.size() > 1) {
                const std::size_t at = from_the_right ? states.size() - 2 : 0;
                states[at] += states[at + 1];
                states.erase(states.begin() + static_cast<std::ptrdiff_t>(at) + 1);
            }
            preflearn::loss_sums added;
            std::vector<double> d_chosen(n), d_rejected(n), values(n);
            for (std::size_t s = 0; s + 1 < ends.size(); ++s) {
                const std::size_t begin = ends[s], size = ends[s + 1] - begin;
                const auto out = [=](std::vector<double>& column) { return std::span(column).subspan(begin, size); };
                added += preflearn::map_shard(
                    loss, part_of(p, begin, begin + size), states[0],
                    preflearn::pair_gradients<double>{out(d_chosen), out(d_rejected), out(values)}, begin);
            }
            CHECK(added.loss == doctest::Approx(whole.loss).epsilon(1e-13));
            CHECK(added.weight == doctest::Approx(whole.weight).epsilon(1e-13));
            CHECK(added.correct == whole.correct);
            CHECK(added.pairs == n);
            double sum = 0;
            for (const double x : values) sum += x;
            CHECK(sum == doctest::Approx(whole.loss).epsilon(1e-12));
            bool same = true;
            for (std::size_t i = 0; i < n; ++i)
                same = same && near(d_chosen[i], chosen[i]) && near(d_rejected[i], rejected[i]);
            CHECK(same);
        }
    }
}

/// Value and gradient have the same bits for any number of threads.
template <class Loss, class Real>
void check_threads([[maybe_unused]] const Loss& loss, [[maybe_unused]] pairs<Real> p) {
#if defined(_OPENMP)
    const int before = omp_get_max_threads();
    omp_set_num_threads(1);
    const preflearn::loss_sums one = loss(p.scores(), p.gradients());
    const std::vector<Real> chosen = p.d_chosen, rejected = p.d_rejected;
    for (const int threads : {2, 3, 7}) {
        omp_set_num_threads(threads);
        const preflearn::loss_sums many = loss(p.scores(), p.gradients());
        CHECK(many.loss == one.loss);
        CHECK(p.d_chosen == chosen);
        CHECK(p.d_rejected == rejected);
    }
    omp_set_num_threads(before);
#endif
}

/// The largest difference between the gradient and central differences of the whole batch's value.
template <class Loss> double batch_gradient_error(const Loss& loss, pairs<double> p, double step = 1e-5) {
    loss(p.scores(), p.gradients());
    double worst = 0;
    for (auto [column, gradient] : {std::pair{&p.chosen, &p.d_chosen}, std::pair{&p.rejected, &p.d_rejected}}) {
        for (std::size_t i = 0; i < column->size(); ++i) {
            const double at = (*column)[i];
            (*column)[i] = at + step;
            const double above = loss(p.scores(), preflearn::pair_gradients<double>{}).loss;
            (*column)[i] = at - step;
            const double below = loss(p.scores(), preflearn::pair_gradients<double>{}).loss;
            (*column)[i] = at;
            worst = std::max(worst, std::abs((above - below) / (2 * step) - (*gradient)[i]));
        }
    }
    return worst;
}
