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
#include <span>
#include <utility>
#include <vector>

#include <preflearn/agreement/estimate.hpp>
#include <preflearn/agreement/proportion.hpp>
#include <preflearn/agreement/ratings.hpp>
#include <preflearn/agreement/weights.hpp>
#include <preflearn/core/distribution.hpp>
#include <preflearn/core/error.hpp>

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

/// A unit's ratings as (category, how many), by rising category.
class unit_profile {
  public:
    void assign(std::span<const category> row) {
        sorted_.clear();
        for (const category k : row)
            if (k >= 0) sorted_.push_back(k);
        std::ranges::sort(sorted_);
        counts_.clear();
        for (const category k : sorted_) {
            if (counts_.empty() || counts_.back().first != k) counts_.push_back({k, 0});
            ++counts_.back().second;
        }
    }
    [[nodiscard]] double ratings() const { return static_cast<double>(sorted_.size()); }
    [[nodiscard]] std::span<const std::pair<category, double>> counts() const { return counts_; }

    /// Σ w over ordered pairs of different ratings.
    template <class Weight> [[nodiscard]] double agreeing(const Weight& w) const {
        double sum = 0;
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            const auto [k, n] = counts_[i];
            sum += w(k, k) * n * (n - 1);
            for (std::size_t j = 0; j < i; ++j) sum += 2 * w(k, counts_[j].first) * n * counts_[j].second;
        }
        return sum;
    }

  private:
    std::vector<category> sorted_;
    std::vector<std::pair<category, double>> counts_;
};

/// What chance gives by pooled category shares: p_e and a slope per category, so that a unit's derivative of p_e is
/// 2 (Σ_k slope_k r_uk / r_u - p_e).
struct pooled_chance {
    double expected = 0;
    std::vector<double> slope;
};

template <AgreementWeight W> double total_weight(const W& w, std::size_t categories) {
    double sum = 0;
    for (category k = 0; k < static_cast<category>(categories); ++k)
        for (category l = 0; l < static_cast<category>(categories); ++l) sum += w(k, l);
    return sum;
}

/// (W p)_k for every category.
template <AgreementWeight W> std::vector<double> weighted(const W& w, std::span<const double> p) {
    std::vector<double> result(p.size());
    for (std::size_t k = 0; k < p.size(); ++k)
        for (std::size_t l = 0; l < p.size(); ++l)
            if (p[l] != 0) result[k] += w(static_cast<category>(k), static_cast<category>(l)) * p[l];
    return result;
}

inline double dot(std::span<const double> a, std::span<const double> b) {
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

template <AgreementWeight W> agreement_sums sum_agreement(const rating_counts& ratings, const W& w) {
    agreement_sums sums;
    sums.share.resize(ratings.categories());
    double agreeing = 0;
    unit_profile unit;
    ratings.for_each([&](std::span<const category> row, std::uint64_t count) {
        unit.assign(row);
        const double n = static_cast<double>(count), r = unit.ratings();
        if (r == 0) return;
        sums.rated += n;
        for (const auto& [k, times] : unit.counts()) sums.share[static_cast<std::size_t>(k)] += n * times / r;
        if (r < 2) return;
        sums.paired += n;
        agreeing += n * unit.agreeing(w) / (r * (r - 1));
    });
    for (double& share : sums.share) share /= std::max(1.0, sums.rated);
    if (sums.paired > 0) sums.observed = agreeing / sums.paired;
    return sums;
}

/// The coefficient and its error from p_e and each row's derivative of p_e (`slope(row, profile)`, mean zero).
template <AgreementWeight W, class Slope>
agreement_coefficient corrected(const rating_counts& ratings, const W& w, const agreement_sums& sums, double expected,
                                const Slope& slope, double confidence) {
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
    ratings.for_each([&](std::span<const category> row, std::uint64_t count) {
        unit.assign(row);
        const double r = unit.ratings();
        if (r == 0) return;
        const double own = r < 2 ? 0 : sums.rated / sums.paired * (unit.agreeing(w) / (r * (r - 1)) - expected);
        const double deviation = (own - (1 - value) * slope(row, unit)) / (1 - expected) - value;
        squares += static_cast<double>(count) * deviation * deviation;
    });
    const double error = sums.rated > 1 ? std::sqrt(squares / (sums.rated * (sums.rated - 1))) : undefined;
    result.coefficient = {value, error, student_bounds(value, error, sums.rated, confidence), units,
                          estimate_status::ok};
    return result;
}

template <AgreementWeight W, class Chance>
agreement_coefficient pooled(const rating_counts& ratings, const W& w, double confidence, const Chance& chance_of) {
    const agreement_sums sums = sum_agreement(ratings, w);
    const pooled_chance chance = chance_of(sums.share);
    return corrected(
        ratings, w, sums, chance.expected,
        [&](std::span<const category>, const unit_profile& unit) {
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
    const detail::agreement_sums sums = detail::sum_agreement(ratings, w);
    if (sums.paired == 0)
        return estimate::none(sums.rated == 0 ? estimate_status::empty : estimate_status::too_few,
                              static_cast<std::size_t>(sums.rated));
    double squares = 0;
    detail::unit_profile unit;
    ratings.for_each([&](std::span<const category> row, std::uint64_t count) {
        unit.assign(row);
        const double r = unit.ratings();
        if (r < 2) return;
        const double deviation = unit.agreeing(w) / (r * (r - 1)) - sums.observed;
        squares += static_cast<double>(count) * deviation * deviation;
    });
    const double n = sums.paired, p = std::clamp(sums.observed, 0.0, 1.0);
    const double error = n > 1 ? std::sqrt(squares / (n * (n - 1))) : undefined;
    const double size = error > 0 ? p * (1 - p) / (error * error) : n;
    return {sums.observed, error, wilson_interval(p * size, size, confidence), static_cast<std::size_t>(n),
            estimate_status::ok};
}

/// Fleiss' kappa, generalised to missing ratings and weights as in Gwet (2014): p_e = Σ w_kl π_k π_l.
template <AgreementWeight W = identity_weights>
agreement_coefficient fleiss_kappa(const rating_counts& ratings, const W& w = {}, double confidence = 0.95) {
    return detail::pooled(ratings, w, confidence, [&](std::span<const double> share) {
        std::vector<double> slope = detail::weighted(w, share);
        const double expected = detail::dot(slope, share);
        return detail::pooled_chance{expected, std::move(slope)};
    });
}

/// Gwet's AC1 (identity weights) and AC2: p_e = T_w / (q(q - 1)) Σ π_k (1 - π_k), T_w = Σ w_kl.
template <AgreementWeight W = identity_weights>
agreement_coefficient gwet_ac(const rating_counts& ratings, const W& w = {}, double confidence = 0.95) {
    const auto q = static_cast<double>(ratings.categories());
    const double scale = detail::total_weight(w, ratings.categories()) / (q * (q - 1));
    return detail::pooled(ratings, w, confidence, [&](std::span<const double> share) {
        if (share.size() < 2) return detail::pooled_chance{1, std::vector<double>(share.size())};
        detail::pooled_chance chance;
        for (const double p : share) chance.slope.push_back(scale * (1 - p));
        chance.expected = detail::dot(chance.slope, share);
        return chance;
    });
}

/// Brennan & Prediger's coefficient: p_e = T_w / q², the same whatever was observed. Unweighted it is Bennett's S and
/// Randolph's free-marginal kappa.
template <AgreementWeight W = identity_weights>
agreement_coefficient brennan_prediger(const rating_counts& ratings, const W& w = {}, double confidence = 0.95) {
    const auto q = static_cast<double>(ratings.categories());
    const double expected = detail::total_weight(w, ratings.categories()) / (q * q);
    return detail::corrected(
        ratings, w, detail::sum_agreement(ratings, w), expected,
        [](std::span<const category>, const detail::unit_profile&) { return 0.0; }, confidence);
}

/// Conger's kappa: p_e is the mean over pairs of raters of the agreement of their own distributions. For two raters who
/// rate every unit it is Cohen's kappa.
template <AgreementWeight W = identity_weights>
agreement_coefficient conger_kappa(const rating_counts& ratings, const W& w = {}, double confidence = 0.95) {
    const std::size_t q = ratings.categories(), raters = ratings.raters();
    const detail::agreement_sums sums = detail::sum_agreement(ratings, w);
    std::vector<double> rated(raters), share(raters * q);
    ratings.for_each([&](std::span<const category> row, std::uint64_t count) {
        for (std::size_t g = 0; g < raters; ++g) {
            if (row[g] < 0) continue;
            rated[g] += static_cast<double>(count);
            share[g * q + static_cast<std::size_t>(row[g])] += static_cast<double>(count);
        }
    });
    // Raters without any rating have no distribution and take no part.
    double active = 0;
    std::vector<double> all(q);
    for (std::size_t g = 0; g < raters; ++g) {
        if (rated[g] == 0) continue;
        ++active;
        for (std::size_t k = 0; k < q; ++k) all[k] += share[g * q + k] /= rated[g];
    }
    if (active < 2)
        return detail::corrected(
            ratings, w, sums, 0, [](const auto&, const auto&) { return 0.0; }, confidence);
    // others[g] = W times the sum of the other raters' distributions.
    std::vector<double> others(raters * q), agreement(raters);
    const std::vector<double> weighted_all = detail::weighted(w, all);
    double expected = 0;
    for (std::size_t g = 0; g < raters; ++g) {
        const std::span<const double> own = std::span(share).subspan(g * q, q);
        const std::vector<double> weighted_own = detail::weighted(w, own);
        for (std::size_t k = 0; k < q; ++k) others[g * q + k] = weighted_all[k] - weighted_own[k];
        agreement[g] = detail::dot(std::span(others).subspan(g * q, q), own);
        expected += agreement[g];
    }
    const double pairs = active * (active - 1);
    return detail::corrected(
        ratings, w, sums, expected / pairs,
        [&](std::span<const category> row, const detail::unit_profile&) {
            double slope = 0;
            for (std::size_t g = 0; g < raters; ++g) {
                if (row[g] < 0) continue;
                slope += sums.rated / rated[g] * (others[g * q + static_cast<std::size_t>(row[g])] - agreement[g]);
            }
            return 2 * slope / pairs;
        },
        confidence);
}

/// The two raters' ratings of the units that both rated.
inline rating_counts rater_pair(const rating_counts& ratings, std::size_t first, std::size_t second) {
    require(first < ratings.raters() && second < ratings.raters(), "raters ", first, " and ", second, " of ",
            ratings.raters());
    rating_counts both(2, ratings.categories());
    ratings.for_each([&](std::span<const category> row, std::uint64_t count) {
        const category pair[] = {row[first], row[second]};
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
