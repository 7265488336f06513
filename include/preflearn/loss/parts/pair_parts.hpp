/// \file
/// What a preference loss made of parts asks of them, and which columns of the batch they read together.
///
/// | part | how it is called | it may also have | for |
/// |---|---|---|---|
/// | score s | s(u, tokens); says uses_reference, uses_tokens | pair(point) | a difference that does not cancel |
/// | | | only_differences | scores known up to a constant per prompt |
/// | | | visit(use) | one of several, chosen at run time |
/// | | | is_certain, limit_slope, refusal | infinite where a response is certain |
/// | link φ | φ(z), φ(z, q), φ(a, b) or φ(a, b, z) | at(point) | takes exponentials that were formed before |
/// | | | at(points), exponents(a, b, z) | the same of a link of both scores |
/// | | | mixed(point, a, b) | both labels at once |
/// | | | curvature(z) | Newton's method |
/// | | | tail() | the limit of φ'(z) e^z, for certain responses |
/// | | | ignores_rejected | the rejected response's length is not read |
/// | target | target(q) or target(q, z) | | |
/// | margin | margin(given) or margin(given, point) | uses_tokens | a margin of lengths |
/// | weight | weight(given, q) | | |
/// | term | term(point) or term(point, q); says uses_tokens | lengths | which, where not both |
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>

#include <preflearn/loss/parts/lengths_read.hpp>
#include <preflearn/loss/parts/link.hpp>
#include <preflearn/loss/parts/margin.hpp>
#include <preflearn/loss/parts/score.hpp>
#include <preflearn/loss/parts/target.hpp>
#include <preflearn/loss/parts/term.hpp>
#include <preflearn/loss/parts/weight.hpp>

namespace preflearn {

namespace detail {

template <class Part> constexpr bool uses_tokens_if_said() {
    if constexpr (requires { Part::uses_tokens; }) return Part::uses_tokens;
    return false;
}
/// Whether a link looks at the rejected score of a soft label alone.
template <class Link> constexpr bool only_chosen() {
    if constexpr (requires { Link::ignores_rejected; }) return Link::ignores_rejected;
    return false;
}

/// Which lengths a term reads: both where it says no more than that it uses lengths.
template <class Term> constexpr lengths_read lengths_of_term() {
    if constexpr (requires { Term::lengths; }) return Term::lengths;
    return Term::uses_tokens ? lengths_read::both : lengths_read::none;
}

template <class Score, class Link, class Margin, class Term> constexpr lengths_read lengths_of_parts() {
    const lengths_read of_score = !Score::uses_tokens   ? lengths_read::none
                                  : only_chosen<Link>() ? lengths_read::preferred
                                                        : lengths_read::both,
                       of_margin = uses_tokens_if_said<Margin>() ? lengths_read::both : lengths_read::none;
    return std::max({of_score, of_margin, lengths_of_term<Term>()});
}
/// Whether targets make a difference.
template <class Link, class Target, class Weight, class Term> constexpr bool target_matters() {
    return !std::same_as<Target, as_labelled> || LabelLink<Link, double> || !std::same_as<Weight, given_weight> ||
           requires(const Term& added, const pair_point<double>& at) {
        added(at, 1.0);
    };
}

} // namespace detail

/// How parts are called, whichever of their forms they have.
template <class Margin, class Real>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline Real margin_of(const Margin& margin, Real given,
                                                                       const pair_point<Real>& at) {
    if constexpr (requires { margin(given, at); })
        return margin(given, at);
    else
        return margin(given);
}
template <class Target, class Real>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline target_mixture<Real> mixture_of(const Target& target, Real q,
                                                                                        Real z) {
    if constexpr (requires { target(q); })
        return target(q);
    else
        return target(q, z);
}
template <class Term, class Real>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline pair_penalty<Real> term_of(const Term& term,
                                                                                   const pair_point<Real>& at, Real q) {
    if constexpr (requires { term(at, q); })
        return term(at, q);
    else
        return term(at);
}

template <class Real, class Score, class Link, class Target, class Margin, class Weight, class Term>
consteval void check_parts() {
    static_assert(ScorePart<Score, Real>, "a score part has uses_reference and uses_tokens and is called with "
                                          "(log-ratio, tokens), returning response_score<Real>");
    static_assert(
        MarginLink<Link, Real> || PairLink<Link, Real> || LabelLink<Link, Real>,
        "a link is called with z, or with (z, q), and returns margin_penalty<Real>, or with (chosen, rejected) or "
        "(chosen, rejected, z) and returns pair_penalty<Real>");
    static_assert(!LabelLink<Link, Real> || std::same_as<Target, as_labelled>,
                  "a link that takes the label's probability itself goes with the target part as_labelled");
    static_assert(TargetPart<Target, Real>, "a target part is called with q and returns "
                                            "target_mixture<Real>");
    static_assert(MarginPart<Margin, Real>, "a margin part is called with the margin column and returns Real");
    static_assert(WeightPart<Weight, Real>, "a weight part is called with (weight, target) and returns Real");
    static_assert(AddedTerm<Term, Real>, "an added term has uses_tokens and is called with pair_point<Real>, or "
                                         "with it and q, returning pair_penalty<Real>");
    static_assert(!PairLink<Link, Real> || !only_differences<Score>,
                  "this score is known up to a constant per prompt: it needs a link of the score difference");
    static_assert(!PairLink<Link, Real> || std::same_as<Margin, given_margin>,
                  "a link of both scores has no margin to subtract");
}

} // namespace preflearn
