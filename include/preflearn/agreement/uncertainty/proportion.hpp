/// \file
/// Shares with intervals that hold at 0, at n, and with ties: wins, ties and losses are counted, and a tie rule says
/// what a tie is worth. Without ties the interval is Wilson's (1927). With ties counted half it inverts the score test
/// of the trinomial distribution, the share of ties at its maximum-likelihood value under each hypothesis: a binomial
/// interval of half-wins is too wide, and one with the variance estimated from the sample collapses when all are ties.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/numbers/distribution.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// What a tie is worth. There is no default: libraries differ (TRL counts it wrong, RewardBench's judge half).
enum class tie_rule : std::uint8_t {
    half,  ///< half a win; counted in n
    wrong, ///< a loss; counted in n
    drop   ///< left out of n
};

/// Counts of a comparison's outcomes; counts of shards add up.
struct outcomes {
    std::size_t wins = 0;
    std::size_t ties = 0;
    std::size_t losses = 0;

    [[nodiscard]] std::size_t total() const { return wins + ties + losses; }
    /// Counts the sign of a difference. \throws numeric_error for NaN.
    void add(double difference) {
        require<numeric_error>(!std::isnan(difference), "a compared difference is NaN");
        ++(difference > 0 ? wins : difference < 0 ? losses : ties);
    }
    outcomes& operator+=(const outcomes& other) {
        wins += other.wins;
        ties += other.ties;
        losses += other.losses;
        return *this;
    }
    friend bool operator==(const outcomes&, const outcomes&) = default;
};

/// Wilson's interval of successes / trials. Counts may be fractional (an effective sample size).
/// \throws argument_error unless 0 <= successes <= trials and trials > 0.
inline interval wilson_interval(double successes, double trials, double confidence = 0.95) {
    require(successes >= 0 && successes <= trials && trials > 0, "a proportion of ", successes, " in ", trials);
    const double z = normal_critical(confidence), p = successes / trials, slack = z * z / trials;
    const double half = z * std::sqrt(p * (1 - p) / trials + slack / (4 * trials));
    return {successes == 0 ? 0 : std::max(0.0, (p + slack / 2 - half) / (1 + slack)),
            successes == trials ? 1 : std::min(1.0, (p + slack / 2 + half) / (1 + slack))};
}

/// The exact interval of Clopper & Pearson (1934): never below its confidence, hence wide.
inline interval clopper_pearson_interval(std::size_t successes, std::size_t trials, double confidence = 0.95) {
    require(successes <= trials && trials > 0, "a proportion of ", successes, " in ", trials);
    const double tail = (1 - confidence) / 2;
    const auto k = static_cast<double>(successes), n = static_cast<double>(trials);
    return {successes == 0 ? 0 : beta_quantile(tail, k, n - k + 1),
            successes == trials ? 1 : beta_quantile(1 - tail, k + 1, n - k)};
}

/// A share with Wilson's interval; the standard error is √(p(1 - p) / n).
inline estimate proportion(std::size_t successes, std::size_t trials, double confidence = 0.95) {
    require(successes <= trials, "a proportion of ", successes, " in ", trials);
    if (trials == 0) return estimate::none(estimate_status::empty);
    const auto k = static_cast<double>(successes), n = static_cast<double>(trials);
    const double p = k / n;
    return {p, std::sqrt(p * (1 - p) / n), wilson_interval(k, n, confidence), trials, estimate_status::ok};
}

namespace detail {

/// The variance of one outcome in {0, ½, 1} with mean `mean`, at the share of ties that makes the counts likeliest.
inline double likeliest_variance(const outcomes& o, double mean) {
    const auto wins = static_cast<double>(o.wins), ties = static_cast<double>(o.ties),
               losses = static_cast<double>(o.losses);
    // d log-likelihood / d share = 0 is a quadratic; its smaller root keeps all three probabilities in [0, 1].
    const double a = (wins + ties + losses) / 2, b = ties + wins * (1 - mean) + losses * mean;
    const double c = 2 * ties * mean * (1 - mean);
    const double root = std::sqrt(std::max(0.0, b * b - 4 * a * c));
    const double share = b + root > 0 ? 2 * c / (b + root) : 0;
    return std::max(0.0, mean * (1 - mean) - share / 4);
}

} // namespace detail

/// The score interval of the mean outcome with a tie worth half. Equals Wilson's without ties.
inline interval trinomial_interval(const outcomes& o, double confidence = 0.95) {
    const auto n = static_cast<double>(o.total());
    require(n > 0, "an interval of no outcomes");
    if (o.ties == 0) return wilson_interval(static_cast<double>(o.wins), n, confidence);
    const double z = normal_critical(confidence);
    const double centre = (static_cast<double>(o.wins) + static_cast<double>(o.ties) / 2) / n;
    const auto bound = [&](double end) { // halves [inside, outside] around the point where the score reaches z
        double inside = centre, outside = end;
        for (int step = 0; step < 100; ++step) {
            const double middle = (inside + outside) / 2;
            const double score = std::abs(centre - middle),
                         error = std::sqrt(detail::likeliest_variance(o, middle) / n);
            (score <= z * error ? inside : outside) = middle;
        }
        return inside;
    };
    return {bound(0), bound(1)};
}

/// The share of wins under a tie rule. With `half` the standard error is sd{0, ½, 1} / √n with n - 1 in the
/// variance (as AlpacaEval prints it) and the bounds are `trinomial_interval`; otherwise see `proportion`.
inline estimate win_share(const outcomes& o, tie_rule ties, double confidence = 0.95) {
    if (ties == tie_rule::wrong) return proportion(o.wins, o.total(), confidence);
    if (ties == tie_rule::drop) return proportion(o.wins, o.wins + o.losses, confidence);
    if (o.total() == 0) return estimate::none(estimate_status::empty);
    const auto n = static_cast<double>(o.total()), wins = static_cast<double>(o.wins),
               tied = static_cast<double>(o.ties);
    const double value = (wins + tied / 2) / n;
    const double squares = wins * (1 - value) * (1 - value) + tied * (0.5 - value) * (0.5 - value) +
                           static_cast<double>(o.losses) * value * value;
    const double error = o.total() > 1 ? std::sqrt(squares / (n - 1) / n) : undefined;
    return {value, error, trinomial_interval(o, confidence), o.total(), estimate_status::ok};
}

} // namespace preflearn
