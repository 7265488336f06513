/// \file
/// Alignment via optimal transport (AOT, Melnyk et al. 2024, arXiv:2406.05882): not each pair but the distribution of
/// the rewards is to dominate, so the k-th smallest of one side is compared with the k-th smallest of the other. The
/// state is both sorted columns; equal numbers stay in the order of the pairs. As in TRL 1.16, with `label_smoothing`.
///
/// The sort is differentiated as what it is, a permutation: the gradient of a rank goes to the pair that has it.
/// Memory of 32 bytes a pair, and two thirds of that again while it is sorted; differences are taken in double whatever
/// the type of the scores.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/order.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/loss/coupled/coupled_loss.hpp>
#include <preflearn/loss/named/dpo.hpp>
#include <preflearn/loss/pairs/faults.hpp>
#include <preflearn/loss/parts/about.hpp>
#include <preflearn/loss/parts/check_parameter.hpp>
#include <preflearn/loss/parts/link.hpp>

namespace preflearn {

/// Numbers in ascending order, each with the place of its pair in the batch; equal ones by place.
class sorted_column {
  public:
    struct entry {
        double value = 0;
        std::uint64_t place = 0;
        friend bool operator<(const entry& a, const entry& b) {
            return a.value < b.value || (a.value == b.value && a.place < b.place);
        }
    };

    sorted_column() = default;
    /// Of `size` numbers value(i), none of them NaN, at places 0, 1, …
    template <class Value> sorted_column(std::size_t size, const Value& value) : entries_(size) {
        constexpr std::size_t grain = std::size_t{1} << 14;
        std::vector<double> values(size);
        parallel_blocks(size, grain, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) values[i] = value(i);
        });
        const ordering order = order_of(values);
        parallel_blocks(size, grain, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) entries_[i] = {values[order.index[i]], order.index[i]};
        });
    }
    /// The other's places follow those that are here.
    sorted_column& operator+=(const sorted_column& other) {
        std::vector<entry> moved = other.entries_, merged(entries_.size() + moved.size());
        for (entry& e : moved) e.place += entries_.size();
        std::merge(entries_.begin(), entries_.end(), moved.begin(), moved.end(), merged.begin());
        entries_ = std::move(merged);
        return *this;
    }

    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] const entry& operator[](std::size_t rank) const { return entries_[rank]; }

  private:
    std::vector<entry> entries_;
};

/// The two sides of a batch that AOT compares rank by rank.
struct sorted_sides {
    sorted_column left, right;
    sorted_sides& operator+=(const sorted_sides& other) {
        left += other.left;
        right += other.right;
        return *this;
    }
};

namespace detail {

/// What both forms share: checks, rewards and counts of the pairs, whose weights, targets and margins have no meaning
/// once pairs are taken apart.
template <class Real>
loss_sums pairs_taken_apart(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients, double beta,
                            double label_smoothing) {
    check_lengths(scores, gradients);
    require(scores.weight.empty() && scores.target.empty() && scores.margin.empty(),
            "a loss that sorts the batch compares responses of different pairs: it takes no weight, target or margin "
            "column");
    check_probability("label_smoothing", label_smoothing);
    // Names what is not finite.
    loss_sums sums = dpo{.beta = beta}(scores, pair_gradients<Real>{.metrics = gradients.metrics});
    sums.loss = 0;
    return sums;
}

inline void check_shard(const sorted_sides& state, std::size_t first, std::size_t pairs) {
    require(first + pairs <= state.left.size(), "pairs ", first, " to ", first + pairs, " of a batch of ",
            state.left.size());
}

/// a − b in double. \throws numeric_error naming the pair when it exceeds the range.
template <class Real> double side(Real a, Real b, std::size_t pair) {
    const double d = static_cast<double>(a) - static_cast<double>(b);
    require<numeric_error>(std::isfinite(d), "pair ", pair, ": the difference of ", a, " and ", b,
                           " exceeds the range of the type");
    return d;
}

/// Calls use(place − first, penalty) for every rank at which `side` has a place in [first, first + size): the smoothed
/// logistic loss of β (left − right). \return the sum of these losses
template <class Use>
double at_each_rank(const sorted_sides& state, const sorted_column& side, double beta, double smoothing,
                    std::size_t first, std::size_t size, const Use& use) {
    constexpr std::size_t grain = std::size_t{1} << 12, piece = 256;
    std::vector<double> sums((side.size() + grain - 1) / grain);
    parallel_blocks(side.size(), grain, [&](std::size_t begin, std::size_t end) {
        std::array<margin_penalty<double>, piece> penalties;
        double& sum = sums[begin / grain];
        for (; begin < end; begin += piece) {
            const std::size_t count = std::min(piece, end - begin);
            for (std::size_t k = 0; k < count; ++k)
                penalties[k] =
                    logistic{}.mixed(margin_point(beta * (state.left[begin + k].value - state.right[begin + k].value)),
                                     1 - smoothing, smoothing);
            for (std::size_t k = 0; k < count; ++k) {
                const std::uint64_t i = side[begin + k].place - first; // wraps for places before the first
                if (i >= size) continue;
                sum += penalties[k].value;
                use(static_cast<std::size_t>(i), penalties[k]);
            }
        }
    });
    return std::accumulate(sums.begin(), sums.end(), 0.0);
}

} // namespace detail

/// AOT for paired data (TRL's `aot`): with x = log π(y_w) − log π(y_l) and y the same under the reference,
/// both sorted, Σ_k (1 − ε) · −log σ(β (x_(k) − y_(k))) + ε · −log σ(−β (x_(k) − y_(k))). One pair alone is DPO.
struct aot {
    static constexpr bool uses_reference = true, uses_tokens = false, uses_weight = false, uses_target = false,
                          uses_margin = false;
    static constexpr loss_about about{"aot", "-(1-e) log s(beta d) - e log s(-beta d), d = (c - r)_(k) - (c0 - r0)_(k)",
                                      "AOT paired, arXiv:2406.05882", "aot_pair aot_paired"};
    double beta = 0.1, label_smoothing = 0;
    static constexpr loss_parameter<aot> parameters[]{{"beta", &aot::beta}, {"label_smoothing", &aot::label_smoothing}};

    template <std::floating_point Real> [[nodiscard]] sorted_sides reduce(const pair_scores<Real>& scores) const {
        detail::pairs_taken_apart(scores, pair_gradients<Real>{.metrics = false}, beta, label_smoothing);
        return {sorted_column(scores.size(), policy(scores)), sorted_column(scores.size(), reference(scores))};
    }
    /// \param first the place of the first pair in the merged batch
    template <std::floating_point Real>
    loss_sums map(const pair_scores<Real>& scores, const sorted_sides& state, const pair_gradients<Real>& gradients,
                  std::size_t first = 0) const {
        loss_sums sums = detail::pairs_taken_apart(scores, gradients, beta, label_smoothing);
        detail::check_shard(state, first, scores.size());
        sums.loss = detail::at_each_rank(state, state.left, beta, label_smoothing, first, scores.size(),
                                         [&](std::size_t i, const margin_penalty<double>& at) {
                                             if (!gradients.values.empty())
                                                 gradients.values[i] = static_cast<Real>(at.value);
                                             if (gradients.chosen.empty()) return;
                                             gradients.chosen[i] = static_cast<Real>(beta * at.derivative);
                                             gradients.rejected[i] = -gradients.chosen[i];
                                         });
        return sums;
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return map(scores, reduce(scores), gradients);
    }

  private:
    template <class Real> static auto policy(const pair_scores<Real>& s) {
        return [&s](std::size_t i) { return detail::side(s.chosen[i], s.rejected[i], i); };
    }
    template <class Real> static auto reference(const pair_scores<Real>& s) {
        return [&s](std::size_t i) {
            return s.reference_chosen.empty() ? 0 : detail::side(s.reference_chosen[i], s.reference_rejected[i], i);
        };
    }
};

/// AOT for unpaired data (TRL's `aot_unpaired`): the same of the sorted log-ratios u of the chosen and v of
/// the rejected responses, which need not answer the same prompts: Σ_k −log σ(β (u_(k) − v_(k))), smoothed likewise.
struct aot_unpaired {
    static constexpr bool uses_reference = true, uses_tokens = false, uses_weight = false, uses_target = false,
                          uses_margin = false;
    static constexpr loss_about about{"aot_unpaired", "-(1-e) log s(beta d) - e log s(-beta d), d = u_(k) - v_(k)",
                                      "AOT unpaired, arXiv:2406.05882"};
    double beta = 0.1, label_smoothing = 0;
    static constexpr loss_parameter<aot_unpaired> parameters[]{{"beta", &aot_unpaired::beta},
                                                               {"label_smoothing", &aot_unpaired::label_smoothing}};

    template <std::floating_point Real> [[nodiscard]] sorted_sides reduce(const pair_scores<Real>& scores) const {
        detail::pairs_taken_apart(scores, pair_gradients<Real>{.metrics = false}, beta, label_smoothing);
        return {sorted_column(scores.size(), chosen(scores)), sorted_column(scores.size(), rejected(scores))};
    }
    /// A pair's value is that of the rank of its chosen response. \param first as in `aot`
    template <std::floating_point Real>
    loss_sums map(const pair_scores<Real>& scores, const sorted_sides& state, const pair_gradients<Real>& gradients,
                  std::size_t first = 0) const {
        loss_sums sums = detail::pairs_taken_apart(scores, gradients, beta, label_smoothing);
        detail::check_shard(state, first, scores.size());
        sums.loss = detail::at_each_rank(state, state.left, beta, label_smoothing, first, scores.size(),
                                         [&](std::size_t i, const margin_penalty<double>& at) {
                                             if (!gradients.values.empty())
                                                 gradients.values[i] = static_cast<Real>(at.value);
                                             if (!gradients.chosen.empty())
                                                 gradients.chosen[i] = static_cast<Real>(beta * at.derivative);
                                         });
        if (gradients.rejected.empty()) return sums;
        detail::at_each_rank(state, state.right, beta, label_smoothing, first, scores.size(),
                             [&](std::size_t i, const margin_penalty<double>& at) {
                                 gradients.rejected[i] = static_cast<Real>(-beta * at.derivative);
                             });
        return sums;
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return map(scores, reduce(scores), gradients);
    }

  private:
    template <class Real> static auto chosen(const pair_scores<Real>& s) {
        return [&s](std::size_t i) {
            return detail::side(s.chosen[i], s.reference_chosen.empty() ? Real(0) : s.reference_chosen[i], i);
        };
    }
    template <class Real> static auto rejected(const pair_scores<Real>& s) {
        return [&s](std::size_t i) {
            return detail::side(s.rejected[i], s.reference_rejected.empty() ? Real(0) : s.reference_rejected[i], i);
        };
    }
};

} // namespace preflearn
