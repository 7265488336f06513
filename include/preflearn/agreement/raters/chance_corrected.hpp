/// \file
/// Agreement beyond chance, (p_o - p_e) / (1 - p_e), for any number of raters with missing ratings and any weights. The
/// coefficients differ only in p_e: Cohen (1960) and Conger (1980) know each rater's distribution, Scott (1955) and
/// Fleiss (1971) pool them, Gwet's AC (2008) and Brennan & Prediger (1981; Bennett's S) start from the categories.
/// Standard errors are Gwet's (2014, ch. 5) linearised variances over units, √(Σ (κ*_u - κ)² / (n(n - 1))), with
/// Student's interval; for two raters without missing ratings they are those of Fleiss, Cohen & Everitt (1969) but
/// for n - 1 in place of n.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/agreement/raters/rater_shares.hpp>
#include <preflearn/agreement/ratings/distance_sums.hpp>
#include <preflearn/agreement/ratings/ratings.hpp>
#include <preflearn/agreement/ratings/unit_profile.hpp>
#include <preflearn/agreement/ratings/weights.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/agreement/uncertainty/proportion.hpp>
#include <preflearn/core/numbers/distribution.hpp>
#include <preflearn/core/numbers/rounding.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// A coefficient and its two parts. `coefficient.count` is the number of units with at least one rating;
/// agreement is observed on those with two.
struct agreement_coefficient {
    estimate coefficient{};
    /// p_o: weighted agreement of two random ratings of a unit.
    double observed = undefined;
    /// p_e: what chance alone would give, by the coefficient's own idea of chance.
    double expected = undefined;
};

namespace detail {

/// What chance gives by pooled category shares: p_e and a slope per category, so that a unit's derivative of p_e is
/// 2 (Σ_k slope_k r_uk / r_u - p_e).
struct pooled_chance {
    double expected = 0;
    std::vector<double> slope;
};

inline double sum_of_products(std::span<const double> a, std::span<const double> b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
}

/// Student's interval with units - 1 degrees of freedom, inside [-1, 1]; where ratings are missing or weighted a
/// coefficient may lie below -1, and then its interval begins there.
inline interval student_bounds(double value, double error, double units, double confidence) {
    if (!(units > 1)) return {};
    const double half = student_critical(confidence, units - 1) * error;
    return {std::max(std::min(-1.0, value), value - half), std::min(1.0, value + half)};
}

/// The units seen once: how many there are, their observed agreement, the shares of categories.
struct agreement_sums {
    double rated = 0, paired = 0;
    double observed = undefined;
    /// Mean over rated units of the unit's shares of categories.
    std::vector<double> share;
};

/// The weighted agreement of two random ratings of a unit with at least two.
template <class Distances> double agreement_in(const Distances& distances, const unit_profile& unit) {
    const double r = unit.ratings(), pairs = r * (r - 1);
    return (pairs - distances.within(unit.counts())) / pairs;
}

template <class Distances> agreement_sums sum_agreement(const rating_counts& ratings, const Distances& distances) {
    agreement_sums sums;
    sums.share.resize(ratings.categories());
    double agreeing = 0;
    unit_profile unit;
    ratings.for_each_given([&](std::span<const given_rating> given, std::uint64_t count) {
        unit.assign(given);
        const double n = static_cast<double>(count), r = unit.ratings();
        if (r == 0) return;
        sums.rated += n;
        for (const auto& [k, times] : unit.counts()) sums.share[static_cast<std::size_t>(k)] += n * times / r;
        if (r < 2) return;
        sums.paired += n;
        agreeing += n * agreement_in(distances, unit);
    });
    for (double& share : sums.share) share /= std::max(1.0, sums.rated);
    if (sums.paired > 0) sums.observed = agreeing / sums.paired;
    return sums;
}

/// The error of a mean of `count` deviations from their sum of squares; 0 where that is rounding beside `scale`.
inline double error_of_squares(double squares, double count, double scale) {
    if (!(count > 1)) return undefined;
    return squares_of_rounding(squares, scale, count) ? 0 : std::sqrt(squares / (count * (count - 1)));
}

/// The coefficient and its error from p_e and each row's derivative of p_e (`slope(ratings, profile)`, mean zero).
template <class Distances, class Slope>
agreement_coefficient corrected(const rating_counts& ratings, const Distances& distances, const agreement_sums& sums,
                                double expected, const Slope& slope, double confidence) {
    const auto units = static_cast<std::size_t>(sums.rated);
    agreement_coefficient result{.observed = sums.observed, .expected = expected};
    if (sums.rated == 0) return {estimate::none(estimate_status::empty)};
    if (sums.paired == 0) {
        result.coefficient = estimate::none(estimate_status::too_few, units);
        return result;
    }
    if (!(1 - expected > 1e-14)) {
        result.coefficient = estimate::none(estimate_status::single_category, units);
        return result;
    }
    const double value = (sums.observed - expected) / (1 - expected);
    double squares = 0;
    unit_profile unit;
    ratings.for_each_given([&](std::span<const given_rating> given, std::uint64_t count) {
        unit.assign(given);
        const double r = unit.ratings();
        if (r == 0) return;
        const double own = r < 2 ? 0 : sums.rated / sums.paired * (agreement_in(distances, unit) - expected);
        const double deviation = (own - (1 - value) * slope(given, unit)) / (1 - expected) - value;
        squares += static_cast<double>(count) * deviation * deviation;
    });
    const double error = error_of_squares(squares, sums.rated, 1 / (1 - expected));
    result.coefficient = {value, error, student_bounds(value, error, sums.rated, confidence), units,
                          estimate_status::ok};
    return result;
}

template <class Distances, class Chance>
agreement_coefficient pooled(const rating_counts& ratings, const Distances& distances, double confidence,
                             const Chance& chance_of) {
    const agreement_sums sums = sum_agreement(ratings, distances);
    const pooled_chance chance = chance_of(sums.share);
    return corrected(
        ratings, distances, sums, chance.expected,
        [&](std::span<const given_rating>, const unit_profile& unit) {
            double mean = 0;
            for (const auto& [k, times] : unit.counts()) mean += chance.slope[static_cast<std::size_t>(k)] * times;
            return 2 * (mean / unit.ratings() - chance.expected);
        },
        confidence);
}

} // namespace detail

/// p_o itself: the mean over units of the weighted agreement of two ratings of a unit. The bounds are Wilson's, with
/// the sample size that gives the standard error.
template <AgreementWeight W = identity_weights>
estimate raw_agreement(const rating_counts& ratings, const W& w = {}, double confidence = 0.95) {
    const auto distances = detail::distances_of(w, ratings.categories());
    const detail::agreement_sums sums = detail::sum_agreement(ratings, distances);
    if (sums.paired == 0)
        return estimate::none(sums.rated == 0 ? estimate_status::empty : estimate_status::too_few,
                              static_cast<std::size_t>(sums.rated));
    double squares = 0;
    detail::unit_profile unit;
    ratings.for_each_given([&](std::span<const given_rating> given, std::uint64_t count) {
        unit.assign(given);
        if (unit.ratings() < 2) return;
        const double deviation = detail::agreement_in(distances, unit) - sums.observed;
        squares += static_cast<double>(count) * deviation * deviation;
    });
    const double n = sums.paired, p = std::clamp(sums.observed, 0.0, 1.0);
    const double error = detail::error_of_squares(squares, n, 1);
    const double size = error > 0 ? p * (1 - p) / (error * error) : n;
    return {sums.observed, error, wilson_interval(p * size, size, confidence), static_cast<std::size_t>(n),
            estimate_status::ok};
}

/// Fleiss' kappa, generalised to missing ratings and weights as in Gwet (2014): p_e = Σ w_kl π_k π_l.
template <AgreementWeight W = identity_weights>
agreement_coefficient fleiss_kappa(const rating_counts& ratings, const W& w = {}, double confidence = 0.95) {
    const auto distances = detail::distances_of(w, ratings.categories());
    return detail::pooled(ratings, distances, confidence, [&](std::span<const double> share) {
        std::vector<double> slope = distances.to_all(detail::of_all_categories(share));
        const double all = std::accumulate(share.begin(), share.end(), 0.0);
        for (double& sum : slope) sum = all - sum;
        const double expected = detail::sum_of_products(slope, share);
        return detail::pooled_chance{expected, std::move(slope)};
    });
}

/// Gwet's AC1 (identity weights) and AC2: p_e = T_w / (q(q - 1)) Σ π_k (1 - π_k), T_w = Σ w_kl.
template <AgreementWeight W = identity_weights>
agreement_coefficient gwet_ac(const rating_counts& ratings, const W& w = {}, double confidence = 0.95) {
    const auto q = static_cast<double>(ratings.categories());
    const auto distances = detail::distances_of(w, ratings.categories());
    const double apart = distances.total(), scale = (q * q - apart) / (q * (q - 1));
    const bool one_category = !(apart > 1e-14 * q * q); // or several at one place
    return detail::pooled(ratings, distances, confidence, [&](std::span<const double> share) {
        if (one_category) return detail::pooled_chance{1, std::vector<double>(share.size())};
        detail::pooled_chance chance;
        for (const double p : share) chance.slope.push_back(scale * (1 - p));
        chance.expected = detail::sum_of_products(chance.slope, share);
        return chance;
    });
}

/// Brennan & Prediger's coefficient: p_e = T_w / q², the same whatever was observed. Unweighted it is Bennett's S and
/// Randolph's free-marginal kappa.
template <AgreementWeight W = identity_weights>
agreement_coefficient brennan_prediger(const rating_counts& ratings, const W& w = {}, double confidence = 0.95) {
    const auto q = static_cast<double>(ratings.categories());
    const auto distances = detail::distances_of(w, ratings.categories());
    return detail::corrected(
        ratings, distances, detail::sum_agreement(ratings, distances), (q * q - distances.total()) / (q * q),
        [](std::span<const given_rating>, const detail::unit_profile&) { return 0.0; }, confidence);
}

/// Conger's kappa: p_e is the mean over pairs of raters of the agreement of their own distributions. For two raters who
/// rate every unit it is Cohen's kappa.
template <AgreementWeight W = identity_weights>
agreement_coefficient conger_kappa(const rating_counts& ratings, const W& w = {}, double confidence = 0.95) {
    const std::size_t raters = ratings.raters();
    const auto distances = detail::distances_of(w, ratings.categories());
    const detail::agreement_sums sums = detail::sum_agreement(ratings, distances);
    const detail::rater_shares own = detail::shares_of_raters(ratings);
    // Raters without any rating have no distribution and take no part.
    double active = 0;
    for (const double rated : own.rated) active += rated > 0;
    if (active < 2)
        return detail::corrected(
            ratings, distances, sums, 0, [](const auto&, const auto&) { return 0.0; }, confidence);
    // others: W times the sum of the other raters' distributions, at a rater's categories; agreement: with the own one.
    std::vector<double> others(own.shares.size()), agreement(raters);
    const std::vector<detail::category_weight> all = detail::sum_of_shares(own);
    const std::vector<double> of_all = distances.to_all(all);
    double expected = 0;
    for (std::size_t g = 0; g < raters; ++g) {
        const std::vector<double> of_own = distances.to_all(own.of(g));
        for (std::size_t i = 0; i < of_own.size(); ++i) {
            const auto& [k, share] = own.of(g)[i];
            const auto at = std::ranges::lower_bound(all, k, {}, &detail::category_weight::first) - all.begin();
            others[own.starts[g] + i] = active - 1 - (of_all[static_cast<std::size_t>(at)] - of_own[i]);
            agreement[g] += others[own.starts[g] + i] * share;
        }
        expected += agreement[g];
    }
    const double pairs = active * (active - 1);
    return detail::corrected(
        ratings, distances, sums, expected / pairs,
        [&](std::span<const given_rating> given, const detail::unit_profile&) {
            double slope = 0;
            for (const given_rating& one : given)
                slope += sums.rated / own.rated[one.rater] * (others[own.place(one)] - agreement[one.rater]);
            return 2 * slope / pairs;
        },
        confidence);
}

/// The two raters' ratings of the units that both rated.
inline rating_counts rater_pair(const rating_counts& ratings, std::size_t first, std::size_t second) {
    require(first < ratings.raters() && second < ratings.raters(), "raters ", first, " and ", second, " of ",
            ratings.raters());
    rating_counts both(2, ratings.categories());
    ratings.for_each_given([&](std::span<const given_rating> given, std::uint64_t count) {
        category pair[] = {no_rating, no_rating};
        for (const given_rating& one : given) {
            if (one.rater == first) pair[0] = one.value;
            if (one.rater == second) pair[1] = one.value;
        }
        if (pair[0] >= 0 && pair[1] >= 0) both.add(pair, count);
    });
    return both;
}

namespace detail {

/// The units that both of two raters rated; where there are none all units, whose status says what is missing.
inline rating_counts paired_units(const rating_counts& ratings) {
    if (ratings.raters() < 2) return ratings;
    rating_counts both = rater_pair(ratings, 0, 1);
    return both.units() == 0 ? ratings : both;
}

} // namespace detail

/// Cohen's kappa (weighted: Cohen 1968) of two raters over the units that both rated; not_applicable for more raters
/// (`rater_pair` picks two of many).
template <AgreementWeight W = identity_weights>
agreement_coefficient cohen_kappa(const rating_counts& ratings, const W& w = {}, double confidence = 0.95) {
    if (ratings.raters() > 2)
        return {estimate::none(estimate_status::not_applicable, static_cast<std::size_t>(ratings.units()))};
    return conger_kappa(detail::paired_units(ratings), w, confidence);
}

/// Scott's pi of two raters over the units that both rated; not_applicable for more raters.
template <AgreementWeight W = identity_weights>
agreement_coefficient scott_pi(const rating_counts& ratings, const W& w = {}, double confidence = 0.95) {
    if (ratings.raters() > 2)
        return {estimate::none(estimate_status::not_applicable, static_cast<std::size_t>(ratings.units()))};
    return fleiss_kappa(detail::paired_units(ratings), w, confidence);
}

} // namespace preflearn
