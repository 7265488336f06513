/// \file
/// A preference loss as a composition of parts: for each pair with log-ratios u, v of the chosen and rejected response
///   weight · [a φ(z) + b φ(−z) + added],   z = β (s(u) − s(v)) − margin,   (a, b) = target(q),
/// value, exact gradient and metrics in one pass over the columns, without allocation. Sums are taken in double in an
/// order fixed by the number of pairs, so the bits do not depend on the number of threads.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/loss/pairs/faults.hpp>
#include <preflearn/loss/pairs/pieces.hpp>
#include <preflearn/loss/parts/link.hpp>
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
        check_parts<Real, Score, Link, Target, Margin, Weight, Term>();
        check(given, gradients);
        const pair_scores<Real> scores = columns_read_by<pairwise>(given);
        // Blocks depend on the number of pairs alone; at most 64, so that their sums need no allocation.
        constexpr std::size_t most = 64, piece = detail::pairs_per_piece<Real>;
        const std::size_t pieces = (scores.size() + piece - 1) / piece;
        const std::size_t grain = std::max<std::size_t>(16, (pieces + most - 1) / most) * piece;
        std::array<loss_sums, most> blocks{};
        // Without weights, targets and margins, and without a share of the swapped pair, there is less to compute.
        const bool plain = [&] {
            if constexpr (requires { target(Real(1)); })
                return scores.weight.empty() && scores.target.empty() && scores.margin.empty() &&
                       target(Real(1)).swapped == 0;
            else
                return false;
        }();
        parallel_blocks(scores.size(), grain, [&](std::size_t begin, std::size_t end) {
            blocks[begin / grain] =
                plain ? block<true>(scores, gradients, begin, end) : block<false>(scores, gradients, begin, end);
        });
        loss_sums total;
        for (std::size_t i = 0; i * grain < scores.size(); ++i) total += blocks[i];
        return total;
    }

    /// d² (weight · loss) / dz² of every pair, z = β (s_w − s_l) − margin, without the added term: what Newton's method
    /// needs besides the gradient. A quadratic form of z's derivatives with it is the loss's curvature (Gauss-Newton
    /// where the score bends). \throws as the loss does.
    template <std::floating_point Real> void curvature(const pair_scores<Real>& given, std::span<Real> out) const {
        static_assert(CurvedLink<Link, Real>, "a second derivative needs a link with curvature(z) that returns Real");
        check_parts<Real, Score, Link, Target, Margin, Weight, Term>();
        check(given, pair_gradients<Real>{.values = out});
        const pair_scores<Real> scores = columns_read_by<pairwise>(given);
        require(out.size() == scores.size(), "curvature has ", out.size(), " entries for ", scores.size(), " pairs");
        parallel_blocks(scores.size(), detail::pairs_per_piece<Real>, [&](std::size_t begin, std::size_t end) {
            const detail::piece_columns<Real> c = detail::piece_of(scores, begin, end);
            detail::piece_results<Real> results;
            detail::form_differences<Real>(c, results, {});
            for (std::size_t i = 0; i < c.size; ++i) {
                const pair_point<Real> at = point_at(c, results, i);
                const Real q = c.target[i];
                const Real z =
                    static_cast<Real>(beta) * scores_of_pair(score, at).difference - margin_at(c.margin[i], at);
                if (!(std::isfinite(z) && q >= 0 && q <= 1 && c.weight[i] >= 0 && std::isfinite(c.weight[i])))
                    refuse(scores, begin + i);
                const target_mixture<Real> mixture = mixture_at(q, z);
                const Real swapped = mixture.swapped == 0 ? Real(0) : mixture.swapped * link.curvature(-z);
                out[begin + i] = weight(c.weight[i], q) * (mixture.as_labelled * link.curvature(z) + swapped);
            }
        });
    }

  private:
    template <class Real> void check(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        check_lengths(scores, gradients);
        require(beta > 0 && std::isfinite(beta), "beta is ", beta, ", a positive number was expected");
        check_lengths_given(lengths, scores);
        if constexpr (PairLink<Link, Real>) {
            require(scores.margin.empty(), "this loss is no function of a score difference and takes no margin column");
        }
    }

    template <bool Plain, class Real>
    loss_sums block(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients, std::size_t begin,
                    std::size_t end) const {
        detail::piece_results<Real> results;
        std::array<std::array<Real, detail::pairs_per_piece<Real>>, 2> unwanted;
        detail::block_sums<Real> sums;
        for (std::size_t at = begin; at < end; at += detail::pairs_per_piece<Real>) {
            const detail::piece_columns<Real> columns = detail::piece_of(scores, at, end);
            const detail::piece_ahead<Real> ahead(scores, gradients, at + columns.size, end);
            Real* const d_chosen = gradients.chosen.empty() ? unwanted[0].data() : gradients.chosen.data() + at;
            Real* const d_rejected = gradients.rejected.empty() ? unwanted[1].data() : gradients.rejected.data() + at;
            if (!compute<Plain>(columns, results, d_chosen, d_rejected, ahead) &&
                !compute_limits<Plain>(columns, results, d_chosen, d_rejected))
                refuse(scores, first_fault<Plain>(scores, at, at + columns.size));
            if (!gradients.values.empty()) std::copy_n(results.loss.data(), columns.size, gradients.values.data() + at);
            sums.add(columns, results, scores.weight.empty() ? nullptr : columns.weight, gradients.metrics);
        }
        const loss_sums total = sums.total(beta, gradients.metrics);
        if (!std::isfinite(total.loss)) throw_if_undefined<Plain>(scores, begin, end);
        return total;
    }

    /// \throws numeric_error naming the first of the pairs [begin, end) of which the loss or a derivative is NaN,
    /// though all that goes into them is finite.
    template <bool Plain, class Real>
    [[gnu::cold]] void throw_if_undefined(const pair_scores<Real>& scores, std::size_t begin, std::size_t end) const {
        detail::piece_results<Real> results;
        Real d_chosen, d_rejected;
        for (std::size_t pair = begin; pair < end; ++pair) {
            const detail::piece_columns<Real> one = detail::piece_of(scores, pair, pair + 1);
            if (!compute<Plain>(one, results, &d_chosen, &d_rejected, {}))
                compute_limits<Plain>(one, results, &d_chosen, &d_rejected);
            require<numeric_error>(!std::isnan(results.loss[0]) && !std::isnan(d_chosen) && !std::isnan(d_rejected),
                                   "pair ", pair,
                                   ": the loss is not a number; a parameter exceeds the range of the type");
        }
    }

    /// The first of the pairs [begin, end), one of which is at fault, that alone is.
    template <bool Plain, class Real>
    [[gnu::cold]] std::size_t first_fault(const pair_scores<Real>& scores, std::size_t begin, std::size_t end) const {
        detail::piece_results<Real> results;
        Real d_chosen, d_rejected;
        for (; begin + 1 < end; ++begin) {
            const detail::piece_columns<Real> one = detail::piece_of(scores, begin, begin + 1);
            if (!compute<Plain>(one, results, &d_chosen, &d_rejected, {}) &&
                !compute_limits<Plain>(one, results, &d_chosen, &d_rejected))
                break;
        }
        return begin;
    }

    /// Says what is wrong with a pair. \throws argument_error or numeric_error naming it.
    template <class Real> [[gnu::cold, noreturn]] void refuse(const pair_scores<Real>& scores, std::size_t pair) const {
        refuse_first_fault(scores, pair, pair + 1);
        refuse_empty_responses(scores, pair, pair + 1);
        if constexpr (requires(const pair_point<Real>& at) { score.refusal(at); }) {
            detail::piece_results<Real> results;
            const detail::piece_columns<Real> one = detail::piece_of(scores, pair, pair + 1);
            detail::form_differences<Real>(one, results, {});
            const std::string why = score.refusal(point_at(one, results, 0));
            require<numeric_error>(why.empty(), "pair ", pair, ": ", why);
        }
        throw_first_fault(scores, pair, pair + 1);
    }

    /// What `compute` does, where it fails because responses are certain and the loss has a limit there: z → ∞, φ(z) →
    /// 0. These pairs are computed with a harmless log-prob, then given their limits. False when there is another
    /// fault.
    template <bool Plain, class Real>
    [[gnu::cold, gnu::noinline]] bool compute_limits(const detail::piece_columns<Real>& in,
                                                     detail::piece_results<Real>& results, Real* d_chosen,
                                                     Real* d_rejected) const {
        if constexpr (CertainScore<Score, Real> && TailLink<Link> && MarginLink<Link, Real>) {
            std::array<std::array<Real, detail::pairs_per_piece<Real>>, 2> moved;
            bool any = false;
            for (std::size_t i = 0; i < in.size; ++i) {
                const bool chosen = score.is_certain(in.chosen[i]), rejected = score.is_certain(in.rejected[i]);
                if (chosen && rejected) return false;
                any |= chosen || rejected;
                moved[0][i] = chosen ? Real(-1) : in.chosen[i];
                moved[1][i] = rejected ? Real(-1) : in.rejected[i];
            }
            detail::piece_columns<Real> other = in;
            other.chosen = moved[0].data();
            other.rejected = moved[1].data();
            if (!any || !compute<Plain>(other, results, d_chosen, d_rejected, {})) return false;
            for (std::size_t i = 0; i < in.size; ++i)
                if ((moved[0][i] != in.chosen[i] || moved[1][i] != in.rejected[i]) &&
                    !take_limit<Plain>(in, results, d_chosen, d_rejected, i))
                    return false;
            return true;
        }
        return false;
    }

    /// Gives pair i, of which one response is certain, its limits. False when they are not finite: the other order
    /// counts, too, or the score's slope grows faster than the penalty's vanishes.
    template <bool Plain, class Real>
    bool take_limit(const detail::piece_columns<Real>& c, detail::piece_results<Real>& r, Real* d_chosen,
                    Real* d_rejected, std::size_t i) const {
        constexpr Real infinite = std::numeric_limits<Real>::infinity();
        const bool chosen = score.is_certain(c.chosen[i]);
        r.u[i] = c.chosen[i];
        r.v[i] = c.rejected[i];
        r.difference[i] = c.chosen[i] - c.rejected[i];
        const pair_point<Real> at = point_at(c, r, i);
        const Real q = Plain ? Real(1) : c.target[i], margin_here = margin_at(Plain ? Real(0) : c.margin[i], at);
        const target_mixture<Real> mixture = mixture_at(q, chosen ? infinite : -infinite);
        const Real share = chosen ? mixture.as_labelled : mixture.swapped;
        if ((chosen ? mixture.swapped : mixture.as_labelled) != 0) return false;
        const Real scale = static_cast<Real>(beta), tail = static_cast<Real>(link.tail());
        if (scale < 1 && share * tail != 0) return false;
        Real slope = 0;
        if (scale == 1 && share * tail != 0)
            slope = share * tail * std::exp(chosen ? margin_here : -margin_here) *
                    (chosen ? score.limit_slope(at.chosen_tokens, at.v, at.rejected_tokens)
                            : score.limit_slope(at.rejected_tokens, at.u, at.chosen_tokens));
        const pair_penalty<Real> added = term_at<Plain>(at, q);
        const Real w = weight(Plain ? Real(1) : c.weight[i], q);
        d_chosen[i] = w * ((chosen ? slope : Real(0)) + added.d_chosen);
        d_rejected[i] = w * ((chosen ? Real(0) : slope) + added.d_rejected);
        r.loss[i] = w * (mixture.constant + added.value);
        return std::isfinite(d_chosen[i]) && std::isfinite(d_rejected[i]);
    }

    template <class Real>
    [[gnu::always_inline]] static pair_point<Real> point_at(const detail::piece_columns<Real>& c,
                                                            const detail::piece_results<Real>& r, std::size_t i) {
        pair_point<Real> at{c.chosen[i], c.rejected[i], r.u[i], r.v[i], r.difference[i], 0, 0};
        if constexpr (uses_tokens) {
            at.chosen_tokens = static_cast<Real>(c.chosen_tokens[i]);
            at.rejected_tokens = static_cast<Real>(c.rejected_tokens[i]);
        }
        return at;
    }
    template <class Real> [[gnu::always_inline]] Real margin_at(Real given, const pair_point<Real>& at) const {
        if constexpr (requires { margin(given, at); })
            return margin(given, at);
        else
            return margin(given);
    }
    template <bool Plain, class Real>
    [[gnu::always_inline]] pair_penalty<Real> term_at(const pair_point<Real>& at, Real q) const {
        if constexpr (Plain && requires { term(at); })
            return term(at);
        else if constexpr (requires { term(at, q); })
            return term(at, q);
        else
            return term(at);
    }
    /// A margin link, given e^{−|z|} where it can use that.
    template <class Real>
    [[gnu::always_inline]] margin_penalty<Real> penalty_of(Real z, [[maybe_unused]] const Real& power) const {
        if constexpr (ExponentialLink<Link, Real>)
            return link.at(margin_point<Real>(z, power));
        else
            return link(z);
    }
    /// The exponentials of a pair link's points of the kind `Which`, where it has these.
    template <std::size_t Which, class Real>
    void form_pair_exponentials(detail::piece_results<Real>& __restrict__ r, std::size_t size, Real* out) const {
        if constexpr (Which < std::tuple_size_v<decltype(exponents_of(link, Real(), Real(), Real()))>) {
            detail::finite_so_far<Real> seen;
            for (std::size_t i = 0; i < size; ++i) {
                r.exponent[i] = std::get<Which>(exponents_of(link, r.chosen_score[i], r.rejected_score[i], r.z[i]));
                seen.see(r.exponent[i]);
            }
            detail::form_exponentials(r.exponent.data(), size, seen.largest(), out);
        }
    }
    /// A link of both scores with z = a − b.
    template <class Real> [[gnu::always_inline]] pair_penalty<Real> penalty_of_both(Real a, Real b, Real z) const {
        if constexpr (requires { link(a, b, z); })
            return link(a, b, z);
        else
            return link(a, b);
    }
    /// The same of a pair whose exponentials have been formed, where the link takes them.
    template <class Real>
    [[gnu::always_inline]] pair_penalty<Real> penalty_of_pair(const detail::piece_results<Real>& r,
                                                              std::size_t i) const {
        const Real a = r.chosen_score[i], b = r.rejected_score[i], z = r.z[i];
        if constexpr (PairExponentialLink<Link, Real>) {
            const auto numbers = exponents_of(link, a, b, z);
            const margin_point<Real> first(numbers[0], r.slope[i]), second(numbers[1], r.rejected_slope[i]);
            if constexpr (std::tuple_size_v<decltype(numbers)> == 2)
                return link.at(std::array{first, second});
            else
                return link.at(std::array{first, second, margin_point<Real>(numbers[2], r.loss[i])});
        } else {
            return penalty_of_both(a, b, z);
        }
    }
    template <class Real> [[gnu::always_inline]] target_mixture<Real> mixture_at(Real q, Real z) const {
        if constexpr (requires { target(q); })
            return target(q);
        else
            return target(q, z);
    }

    /// False when something is not finite or out of its range. The loops have no branch, no call and no aliasing, so
    /// that they become vector code.
    template <bool Plain, class Real>
    bool compute(const detail::piece_columns<Real>& columns, detail::piece_results<Real>& results, Real* d_chosen,
                 Real* d_rejected, const detail::piece_ahead<Real>& ahead) const {
        const bool sound = are_sound<Plain>(columns), finite = detail::form_differences(columns, results, ahead),
                   scored = form_scores<Plain>(columns, results, d_chosen, d_rejected);
        constexpr std::size_t step = detail::pairs_asked_for<Real>;
        for (std::size_t begin = 0; begin < columns.size; begin += step) {
            const std::size_t end = std::min(begin + step, columns.size);
            ahead.ask_to_write(begin, end);
            penalise<Plain>(columns, results, begin, end);
        }
        return weigh<Plain>(columns, results, d_chosen, d_rejected) && sound && finite && scored;
    }

    /// Whether weights, targets and margins are in their ranges, and lengths, where only the term looks at them.
    template <bool Plain, class Real> static bool are_sound(const detail::piece_columns<Real>& in) {
        if constexpr (Plain && !Term::uses_tokens) return true;
        constexpr Real largest = std::numeric_limits<Real>::max();
        const detail::piece_columns<Real> c = in;
        unsigned faults = 0;
        // `&`, not `&&`: a branch here would keep the loop from becoming vector code.
        for (std::size_t i = 0; i < c.size; ++i) {
            const Real w = c.weight[i], q = c.target[i];
            const unsigned sound = unsigned{std::abs(c.margin[i]) <= largest} & unsigned{w >= 0} &
                                   unsigned{w <= largest} & unsigned{q >= 0} & unsigned{q <= 1};
            faults |= sound ^ 1U;
            if constexpr (Term::uses_tokens) // a score that divides by a length of 0 is not finite; a term is not seen
                faults |= unsigned{c.chosen_tokens[i] == 0} | unsigned{c.rejected_tokens[i] == 0};
        }
        return faults == 0;
    }

    /// z or both scores and, where the link takes them, exponentials; d_chosen and d_rejected become the scores'
    /// derivatives where these are not 1. Returns whether z is finite.
    template <bool Plain, class Real>
    bool form_scores(const detail::piece_columns<Real>& in, detail::piece_results<Real>& out, Real* d_chosen,
                     Real* d_rejected) const {
        const auto form = [&](const auto& part) { return form_scores_by<Plain>(part, in, out, d_chosen, d_rejected); };
        if constexpr (requires { score.visit(form); })
            return score.visit(form);
        else
            return form(score);
    }

    /// The same by the score part itself, or by the one that it stands for.
    template <bool Plain, class Part, class Real>
    bool form_scores_by(const Part& part, const detail::piece_columns<Real>& in,
                        detail::piece_results<Real>& __restrict__ out, Real* __restrict__ d_chosen,
                        Real* __restrict__ d_rejected) const {
        const detail::piece_columns<Real> c = in;
        const Real scale = static_cast<Real>(beta);
        detail::finite_so_far<Real> finite_z;
        if constexpr (TwoStepScore<Part, Real>) { // the first step's numbers lie where the slopes will
            for (std::size_t i = 0; i < c.size; ++i)
                d_chosen[i] = part.first_step(out.u[i], static_cast<Real>(c.chosen_tokens[i]));
            for (std::size_t i = 0; i < c.size; ++i)
                d_rejected[i] = part.first_step(out.v[i], static_cast<Real>(c.rejected_tokens[i]));
        }
        for (std::size_t i = 0; i < c.size; ++i) {
            const pair_point<Real> at = point_at(c, out, i);
            const auto [su, sv, difference] = scores_of_pair(part, at, d_chosen[i], d_rejected[i]);
            if constexpr (PairLink<Link, Real>) {
                out.chosen_score[i] = scale * su.value;
                out.rejected_score[i] = scale * sv.value;
                out.z[i] = scale * difference;
            } else {
                out.z[i] = scale * difference - margin_at(Plain ? Real(0) : c.margin[i], at);
            }
            finite_z.see(out.z[i]);
            if constexpr (!has_unit_slope<Score>) {
                d_chosen[i] = su.derivative;
                d_rejected[i] = sv.derivative;
            }
        }
        // Exponentials lie where slopes and loss will.
        if constexpr (ExponentialLink<Link, Real>) {
            detail::form_exponentials(out.z.data(), c.size, finite_z.largest(), out.slope.data());
        } else if constexpr (PairExponentialLink<Link, Real>) {
            form_pair_exponentials<0>(out, c.size, out.slope.data());
            form_pair_exponentials<1>(out, c.size, out.rejected_slope.data());
            form_pair_exponentials<2>(out, c.size, out.loss.data());
        }
        return static_cast<bool>(finite_z);
    }

    /// The loss without its term, and its slopes, of the pairs [begin, end) of the piece.
    template <bool Plain, class Real>
    void penalise(const detail::piece_columns<Real>& in, detail::piece_results<Real>& __restrict__ r, std::size_t begin,
                  std::size_t end) const {
        constexpr Real least = std::numeric_limits<Real>::min();
        const detail::piece_columns<Real> c = in;
        for (std::size_t i = begin; i < end; ++i) {
            const Real z = r.z[i], q = Plain ? Real(1) : c.target[i];
            const target_mixture<Real> mixture = mixture_at(q, z);
            if constexpr (LabelLink<Link, Real>) {
                const margin_penalty<Real> labelled = link(z, q);
                r.loss[i] = labelled.value + mixture.constant;
                r.slope[i] = labelled.derivative;
            } else if constexpr (MarginLink<Link, Real>) {
                margin_penalty<Real> both;
                if constexpr (!Plain && MixingLink<Link, Real>) {
                    both = link.mixed(margin_point<Real>(z, r.slope[i]), mixture.as_labelled, mixture.swapped);
                } else {
                    const margin_penalty<Real> labelled = penalty_of(z, r.slope[i]);
                    both = {mixture.as_labelled * labelled.value, mixture.as_labelled * labelled.derivative};
                    if constexpr (!Plain) { // a factor of 0 silences a swapped loss that overflows
                        const Real used = std::abs(mixture.swapped) - least;
                        const margin_penalty<Real> swapped = penalty_of(-z, r.slope[i]);
                        both.value += by_sign(used, Real(0), mixture.swapped * swapped.value);
                        both.derivative -= by_sign(used, Real(0), mixture.swapped * swapped.derivative);
                    }
                }
                r.loss[i] = both.value + mixture.constant;
                r.slope[i] = both.derivative;
            } else {
                const Real a = r.chosen_score[i], b = r.rejected_score[i];
                const pair_penalty<Real> labelled = penalty_of_pair(r, i);
                pair_penalty<Real> both{mixture.as_labelled * labelled.value, mixture.as_labelled * labelled.d_chosen,
                                        mixture.as_labelled * labelled.d_rejected};
                if constexpr (!Plain) {
                    const Real used = std::abs(mixture.swapped) - least;
                    const pair_penalty<Real> swapped = penalty_of_both(b, a, -z);
                    both.value += by_sign(used, Real(0), mixture.swapped * swapped.value);
                    both.d_chosen += by_sign(used, Real(0), mixture.swapped * swapped.d_rejected);
                    both.d_rejected += by_sign(used, Real(0), mixture.swapped * swapped.d_chosen);
                }
                r.loss[i] = both.value + mixture.constant;
                r.slope[i] = both.d_chosen;
                r.rejected_slope[i] = both.d_rejected;
            }
        }
    }

    /// Gradients and losses with term and weight. Returns whether the weights are finite.
    template <bool Plain, class Real>
    bool weigh(const detail::piece_columns<Real>& in, detail::piece_results<Real>& __restrict__ r,
               Real* __restrict__ d_chosen, Real* __restrict__ d_rejected) const {
        const detail::piece_columns<Real> c = in;
        const Real scale = static_cast<Real>(beta);
        detail::finite_so_far<Real> finite;
        for (std::size_t i = 0; i < c.size; ++i) {
            const Real q = Plain ? Real(1) : c.target[i], w = weight(Plain ? Real(1) : c.weight[i], q);
            const pair_penalty<Real> added = term_at<Plain>(point_at(c, r, i), q);
            Real du = r.slope[i], dv = PairLink<Link, Real> ? r.rejected_slope[i] : -du;
            if constexpr (!has_unit_slope<Score>) {
                du *= d_chosen[i];
                dv *= d_rejected[i];
            }
            d_chosen[i] = w * (scale * du + added.d_chosen);
            d_rejected[i] = w * (scale * dv + added.d_rejected);
            if constexpr (!Plain || !std::same_as<Term, no_term> || !std::same_as<Weight, given_weight>)
                r.loss[i] = w * (r.loss[i] + added.value);
            if constexpr (!std::same_as<Weight, given_weight>) finite.see(w);
        }
        return static_cast<bool>(finite);
    }
};

} // namespace preflearn
