/// \file
/// A preference loss as a composition of parts: for each pair with log-ratios u, v of the chosen and rejected response
///   weight · [a φ(z) + b φ(−z) + added],   z = β (s(u) − s(v)) − margin,   (a, b) = target(q),
/// value, exact gradient and metrics in one pass over the columns, without allocation. What parts are asked for stands
/// in `pair_parts.hpp`; the walk over the batch, which is the same for all losses, in `walk.hpp`. Here is the algebra.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <tuple>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/loss/pairs/certain_pairs.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>
#include <preflearn/loss/pairs/faults.hpp>
#include <preflearn/loss/pairs/mixed_penalty.hpp>
#include <preflearn/loss/pairs/pieces.hpp>
#include <preflearn/loss/pairs/steps.hpp>
#include <preflearn/loss/pairs/walk.hpp>
#include <preflearn/loss/parts/check_parameter.hpp>
#include <preflearn/loss/parts/lengths_read.hpp>
#include <preflearn/loss/parts/link.hpp>
#include <preflearn/loss/parts/margin.hpp>
#include <preflearn/loss/parts/pair_parts.hpp>
#include <preflearn/loss/parts/score.hpp>
#include <preflearn/loss/parts/target.hpp>
#include <preflearn/loss/parts/term.hpp>
#include <preflearn/loss/parts/weight.hpp>

namespace preflearn {

/// The composition; itself a PreferenceLoss. β scales the score before the link, so that a margin is in units of β s;
/// the rewards it reports are β (log π − log π_ref) (β log π where the score uses no reference), whatever the score
/// part makes of them, as TRL reports them. Equal rewards are ties and not correct.
///
/// u − v is rounded once whatever the four log-probs are, so that large ones of a similar size lose nothing.
/// Finite for finite input unless the difference of the log-ratios exceeds the type's range (a numeric_error), or the
/// exact loss does (then it is infinite, or the type's largest number where the link says so), or a parameter does and
/// leaves no number (a numeric_error). Where a score is infinite because the chosen response is certain and the
/// rejected one is not (log-odds at log π = 0), value and gradient are their limits where these are finite. Σ weight is
/// that of the weight column: what a weight part makes of it is part of the loss, as a class's weight is. Columns that
/// the parts do not read are neither used nor checked.
/// \throws argument_error when β is not positive and finite, when columns differ in length, a needed column is missing,
/// a target is outside [0, 1], or a weight is negative; numeric_error naming pair and column for NaN and infinities.
template <class Score = log_ratio, class Link = logistic, class Target = given_target, class Margin = given_margin,
          class Weight = given_weight, class Term = no_term>
struct pairwise {
    static constexpr bool uses_reference = Score::uses_reference;
    static constexpr bool uses_tokens =
        Score::uses_tokens || Term::uses_tokens || detail::uses_tokens_if_said<Margin>();
    static constexpr lengths_read lengths = detail::lengths_of_parts<Score, Link, Margin, Term>();
    /// Whether the target column makes a difference, and whether a margin may be given.
    static constexpr bool uses_target = detail::target_matters<Link, Target, Weight, Term>();
    static constexpr bool uses_margin = !PairLink<Link, double>;

    double beta = 0.1;
    Score score{};
    Link link{};
    Target target{};
    Margin margin{};
    Weight weight{};
    Term term{};

    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& given, const pair_gradients<Real>& gradients) const {
        check_parts<Real, Score, Link, Target, Margin, Weight, Term>(); // before anything else that is compiled
        const pair_scores<Real> scores = checked(given, gradients);
        if constexpr (requires { target(Real(1)).swapped; }) {
            if (scores.weight.empty() && scores.target.empty() && scores.margin.empty() && target(Real(1)).swapped == 0)
                return walk_pairs(pieces_by<true, Real>(), scores, gradients);
        }
        return walk_pairs(pieces_by<false, Real>(), scores, gradients);
    }

    /// The same bits by the code that reads all columns, whether they are given or not: slower where they are not, and
    /// half as much to compile, for programs that know many losses by name.
    template <std::floating_point Real>
    loss_sums with_all_columns(const pair_scores<Real>& given, const pair_gradients<Real>& gradients) const {
        const pair_scores<Real> scores = checked(given, gradients);
        return walk_pairs(pieces_by<false, Real>(), scores, gradients);
    }

    /// d² (weight · loss) / dz² of every pair, z = β (s_w − s_l) − margin, without the added term: what Newton's method
    /// needs besides the gradient. A quadratic form of z's derivatives with it is the loss's curvature (Gauss-Newton
    /// where the score bends). \throws as the loss does.
    template <std::floating_point Real> void curvature(const pair_scores<Real>& given, std::span<Real> out) const {
        static_assert(CurvedLink<Link, Real>, "a second derivative needs a link with curvature(z) that returns Real");
        const pair_scores<Real> scores = checked(given, pair_gradients<Real>{.values = out});
        require(out.size() == scores.size(), "curvature has ", out.size(), " entries for ", scores.size(), " pairs");
        parallel_blocks(scores.size(), pairs_per_piece<Real>, [&](std::size_t begin, std::size_t end) {
            const piece_columns<Real> c = piece_of(scores, begin, end);
            piece_steps<Real> s;
            if (!are_sound(c) || !form_log_ratios<Real>(c, s, {}))
                refuse_pairs(pieces_by<false, Real>(), scores, begin, end, s);
            for (std::size_t i = 0; i < c.size; ++i) {
                const pair_point<Real> at = point_at(c, s, i);
                const Real q = c.target[i];
                const Real z =
                    static_cast<Real>(beta) * scores_of_pair(score, at).difference - margin_of(margin, c.margin[i], at);
                if (!std::isfinite(z)) refuse_pair(pieces_by<false, Real>(), scores, begin + i, s);
                const target_mixture<Real> mixture = mixture_of(target, q, z);
                const Real swapped = mixture.swapped == 0 ? Real(0) : mixture.swapped * link.curvature(-z);
                out[begin + i] = weight(c.weight[i], q) * (mixture.as_labelled * link.curvature(z) + swapped);
            }
        });
    }

  private:
    /// The columns that the loss reads. \throws argument_error when one is missing or of another length.
    template <class Real>
    pair_scores<Real> checked(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        check_parts<Real, Score, Link, Target, Margin, Weight, Term>();
        check_lengths(scores, gradients);
        check_positive("beta", beta);
        check_lengths_given(lengths, scores);
        require(uses_margin || scores.margin.empty(),
                "this loss is no function of a score difference and takes no margin column");
        return columns_read_by<pairwise>(scores);
    }

    /// For the walk. Plain: there are no columns of weights, targets and margins, and no share of the swapped pair.
    template <bool Plain, class Real> piece_loss<Real> pieces_by() const {
        piece_loss<Real> loss{this, &compute_for<Plain, Real>, nullptr, beta, Term::uses_tokens};
        if constexpr (requires(const pair_point<Real>& at) { score.refusal(at); })
            loss.refusal = [](const void* self, const pair_point<Real>& at) {
                return static_cast<const pairwise*>(self)->score.refusal(at);
            };
        return loss;
    }
    template <bool Plain, class Real>
    static bool compute_for(const void* self, const piece_columns<Real>& in, piece_steps<Real>& steps, Real* d_chosen,
                            Real* d_rejected, const next_piece<Real>& next) {
        const pairwise& parts = *static_cast<const pairwise*>(self);
        const auto compute = [&](const piece_columns<Real>& columns) {
            return parts.compute<Plain>(columns, steps, d_chosen, d_rejected, next);
        };
        if constexpr (CertainScore<Score, Real> && TailLink<Link> && MarginLink<Link, Real>)
            return compute(in) || compute_limits(parts, in, steps, d_chosen, d_rejected, compute);
        else
            return compute(in);
    }

    /// The algebra, a piece at a time. Returns whether z and the weights are finite.
    template <bool Plain, class Real>
    bool compute(const piece_columns<Real>& columns, piece_steps<Real>& steps, Real* d_chosen, Real* d_rejected,
                 const next_piece<Real>& next) const {
        if constexpr (!is_simple_score<Score>) form_scores<PairLink<Link, Real>>(score, columns, steps);
        const Real largest = form_margins<Plain>(columns, steps);
        form_powers(link, columns.size, steps, largest);
        constexpr std::size_t step = pairs_asked_for<Real>;
        for (std::size_t begin = 0; begin < columns.size; begin += step) {
            const std::size_t end = std::min(begin + step, columns.size);
            next.ask_to_write(begin, end);
            penalise<Plain>(columns, steps, begin, end);
        }
        return weigh<Plain>(columns, steps, d_chosen, d_rejected) && largest <= std::numeric_limits<Real>::max();
    }

    /// Pair i's scores: computed here, or read where they have been formed for the whole piece.
    template <class Real>
    pair_score<Real> scores_at(const piece_columns<Real>& c, const piece_steps<Real>& s, std::size_t i) const {
        if constexpr (is_simple_score<Score>)
            return scores_of_pair(score, point_at(c, s, i));
        else
            return {{s.chosen_score[i], s.chosen_slope[i]},
                    {s.rejected_score[i], s.rejected_slope[i]},
                    s.score_difference[i]};
    }

    /// z = β (s(u) − s(v)) − margin, or β times both scores and their difference. Returns the size of the largest z.
    template <bool Plain, class Real>
    Real form_margins(const piece_columns<Real>& in, piece_steps<Real>& __restrict__ s) const {
        const piece_columns<Real> c = in;
        const Real scale = static_cast<Real>(beta);
        finite_so_far<Real> seen;
        for (std::size_t i = 0; i < c.size; ++i) {
            const auto [chosen, rejected, difference] = scores_at(c, s, i);
            if constexpr (PairLink<Link, Real>) {
                s.a[i] = scale * chosen.value;
                s.b[i] = scale * rejected.value;
                s.z[i] = scale * difference;
            } else {
                s.z[i] = scale * difference - margin_of(margin, Plain ? Real(0) : c.margin[i], point_at(c, s, i));
            }
            if constexpr (is_simple_score<Score> && !is_log_ratio<Score>) {
                s.chosen_slope[i] = chosen.derivative;
                s.rejected_slope[i] = rejected.derivative;
            }
            seen.see(s.z[i]);
        }
        return seen.largest();
    }

    /// a φ(z) + b φ(−z) + constant, and its derivatives, of the pairs [begin, end) of the piece.
    template <bool Plain, class Real>
    void penalise(const piece_columns<Real>& in, piece_steps<Real>& __restrict__ s, std::size_t begin,
                  std::size_t end) const {
        const piece_columns<Real> c = in;
        for (std::size_t i = begin; i < end; ++i) {
            const Real q = Plain ? Real(1) : c.target[i];
            const target_mixture<Real> mixture = mixture_of(target, q, s.z[i]);
            Real& penalty = is_weighed<Plain> ? s.penalty[i] : s.loss[i];
            if constexpr (PairLink<Link, Real>) {
                const pair_penalty<Real> both = mixed_penalty<Plain>(link, mixture, s, i);
                penalty = both.value;
                s.d_a[i] = both.d_chosen;
                s.d_b[i] = both.d_rejected;
            } else {
                const margin_penalty<Real> both = mixed_penalty<Plain>(link, mixture, s.z[i], q, s.power[0][i]);
                penalty = both.value;
                s.d_z[i] = both.derivative;
            }
        }
    }

    /// weight · [penalty + added], and its derivatives. Returns whether the weights are finite.
    template <bool Plain, class Real>
    bool weigh(const piece_columns<Real>& in, piece_steps<Real>& __restrict__ s, Real* __restrict__ d_chosen,
               Real* __restrict__ d_rejected) const {
        const piece_columns<Real> c = in;
        const Real scale = static_cast<Real>(beta);
        finite_so_far<Real> seen;
        for (std::size_t i = 0; i < c.size; ++i) {
            const Real q = Plain ? Real(1) : c.target[i], w = weight(Plain ? Real(1) : c.weight[i], q);
            const pair_penalty<Real> added = term_of(term, point_at(c, s, i), q);
            Real du = PairLink<Link, Real> ? s.d_a[i] : s.d_z[i], dv = PairLink<Link, Real> ? s.d_b[i] : -s.d_z[i];
            if constexpr (!is_log_ratio<Score>) {
                du *= s.chosen_slope[i];
                dv *= s.rejected_slope[i];
            }
            d_chosen[i] = w * (scale * du + added.d_chosen);
            d_rejected[i] = w * (scale * dv + added.d_rejected);
            if constexpr (is_weighed<Plain>) s.loss[i] = w * (s.penalty[i] + added.value);
            if constexpr (!std::same_as<Weight, given_weight>) seen.see(w);
        }
        return static_cast<bool>(seen);
    }

    /// Whether the penalty is not yet the loss: it has a weight or a term.
    template <bool Plain>
    static constexpr bool is_weighed = !Plain || !std::same_as<Term, no_term> || !std::same_as<Weight, given_weight>;
};

} // namespace preflearn
