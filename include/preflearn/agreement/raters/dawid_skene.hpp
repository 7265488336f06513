/// \file
/// Dawid & Skene (1979): the true category of every unit, each rater's confusion matrix and the share of every category
/// from the ratings alone, by EM started at the units' mean responses. With smoothing it climbs the likelihood times
/// the Dirichlet prior that the pseudo-counts stand for. Plain steps may take thousands; every second one is followed
/// by the squared extrapolation of Varadhan & Roland (2008), kept where the objective does not fall. It works on counts
/// of distinct rows, and a rater who rates a unit several times owns several columns.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/agreement/ratings/ratings.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

struct dawid_skene_options {
    /// Stop when no share of a category and no cell of a confusion matrix is further than this from the fixed point of
    /// EM, as the steps and the rate at which they shrink tell.
    double tolerance = 1e-9;
    /// Steps of EM.
    std::size_t max_iterations = 10'000;
    /// Pseudo-counts added to every cell of the confusion matrices and to every class; 0 is maximum likelihood.
    double smoothing = 0;
    /// The rater who owns each column, from 0; empty: every column is a rater of its own.
    std::vector<std::size_t> rater_of_column{};
};

/// The fit. Unless `status` is ok or not_converged the vectors are empty. A likelihood has several maxima (relabelled
/// classes among them); this is the one that EM reaches from the mean responses.
struct dawid_skene_fit {
    std::size_t categories = 0;
    std::vector<std::size_t> rater_of_column{};
    /// Share of every true category.
    std::vector<double> prior{};
    /// P(rated l | truly k) of rater r at [(r · categories + k) · categories + l].
    std::vector<double> confusion{};
    double log_likelihood = undefined;
    /// What EM climbs: the log-likelihood, and with smoothing s also s Σ ln x over all shares and cells.
    double objective = undefined;
    std::size_t iterations = 0;
    /// ok only where the fixed point is reached.
    estimate_status status = estimate_status::empty;

    /// P(truth = k | ratings) of a unit, written to `posterior`; returns the unit's log-likelihood. Ratings that the
    /// fit holds impossible give -∞ and the prior.
    double posterior_of(std::span<const category> row, std::span<double> posterior) const {
        require(row.size() == rater_of_column.size() && posterior.size() == categories, "a row of ", row.size(),
                " ratings for ", rater_of_column.size(), " columns");
        for (std::size_t k = 0; k < categories; ++k) {
            double sum = std::log(prior[k]);
            for (std::size_t c = 0; c < row.size(); ++c) {
                if (row[c] < 0) continue;
                const std::size_t at = (rater_of_column[c] * categories + k) * categories;
                sum += std::log(confusion[at + static_cast<std::size_t>(row[c])]);
            }
            posterior[k] = sum;
        }
        const double total = log_sum_exp(std::span<const double>(posterior));
        for (std::size_t k = 0; k < categories; ++k)
            posterior[k] = std::isinf(total) ? prior[k] : std::exp(posterior[k] - total);
        return total;
    }
};

namespace detail {

/// The units' ratings, those that were given alone, and the steps of EM on them.
class dawid_skene_steps {
  public:
    /// The shares of categories and behind them the confusion matrices, as in the fit.
    using parameters = std::vector<double>;

    dawid_skene_steps(const rating_counts& ratings, std::span<const std::size_t> rater_of_column, double smoothing)
        : q_(ratings.categories()), smoothing_(smoothing) {
        raters_ = *std::ranges::max_element(rater_of_column) + 1;
        ratings.for_each_given([&](std::span<const given_rating> given, std::uint64_t count) {
            const std::size_t begin = cells_.size();
            for (const auto& [column, value] : given)
                cells_.push_back(rater_of_column[column] * q_ + static_cast<std::size_t>(value));
            if (cells_.size() == begin) return;
            ends_.push_back(cells_.size());
            counts_.push_back(static_cast<double>(count));
            posteriors_.resize(posteriors_.size() + q_);
            for (std::size_t i = begin; i < cells_.size(); ++i)
                posteriors_[posteriors_.size() - q_ + cells_[i] % q_] += 1 / static_cast<double>(cells_.size() - begin);
        });
    }
    [[nodiscard]] bool empty() const { return counts_.empty(); }

    /// The likeliest parameters where the units belong to the categories with their posterior probabilities.
    [[nodiscard]] parameters maximise() const {
        std::vector<double> prior(q_, smoothing_), cells(raters_ * q_ * q_, smoothing_); // [rater, rated, true]
        for (std::size_t u = 0, at = 0; u < counts_.size(); ++u) {
            const double* posterior = posteriors_.data() + u * q_;
            for (std::size_t k = 0; k < q_; ++k) prior[k] += counts_[u] * posterior[k];
            for (; at < ends_[u]; ++at)
                for (std::size_t k = 0; k < q_; ++k) cells[cells_[at] * q_ + k] += counts_[u] * posterior[k];
        }
        parameters next = std::move(prior);
        next.resize(q_ + cells.size());
        for (std::size_t r = 0; r < raters_; ++r)
            for (std::size_t l = 0; l < q_; ++l)
                for (std::size_t k = 0; k < q_; ++k) next[q_ + (r * q_ + k) * q_ + l] = cells[(r * q_ + l) * q_ + k];
        normalise(next);
        return next;
    }

    /// The units' posterior probabilities. \return the log-likelihood
    double expect(const parameters& at) {
        std::vector<double> log_cells(at.size() - q_); // [rater, rated, true]
        for (std::size_t r = 0; r < raters_; ++r)
            for (std::size_t k = 0; k < q_; ++k)
                for (std::size_t l = 0; l < q_; ++l)
                    log_cells[(r * q_ + l) * q_ + k] = std::log(at[q_ + (r * q_ + k) * q_ + l]);
        double likelihood = 0;
        for (std::size_t u = 0, cell = 0; u < counts_.size(); ++u) {
            const std::span<double> posterior = std::span(posteriors_).subspan(u * q_, q_);
            for (std::size_t k = 0; k < q_; ++k) posterior[k] = std::log(at[k]);
            for (; cell < ends_[u]; ++cell)
                for (std::size_t k = 0; k < q_; ++k) posterior[k] += log_cells[cells_[cell] * q_ + k];
            const double total = log_sum_exp(std::span<const double>(posterior));
            for (std::size_t k = 0; k < q_; ++k)
                posterior[k] = std::isinf(total) ? at[k] : std::exp(posterior[k] - total);
            likelihood += counts_[u] * total;
        }
        return likelihood;
    }

    /// The log of the Dirichlet densities of all shares, but for a constant.
    [[nodiscard]] double log_density(const parameters& at) const {
        double sum = 0;
        for (std::size_t i = 0; i < at.size() && smoothing_ > 0; ++i) sum += std::log(at[i]);
        return smoothing_ * sum;
    }

    /// The largest distance of two sets of parameters. Matrices of categories that are all but empty say nothing.
    [[nodiscard]] double distance(const parameters& a, const parameters& b) const {
        double most = 0;
        for (std::size_t i = 0; i < a.size(); ++i)
            if (i < q_ || std::min(a[(i - q_) / q_ % q_], b[(i - q_) / q_ % q_]) > 1e-12)
                most = std::max(most, std::abs(a[i] - b[i]));
        return most;
    }

    /// Beyond the last of three parameters in turn, along the way that they went (scheme S3 of Varadhan & Roland).
    /// Nothing where the way does not bend back, or not yet.
    [[nodiscard]] parameters extrapolate(const parameters& a, const parameters& b, const parameters& c) const {
        double step = 0, bend = 0;
        for (std::size_t i = 0; i < a.size(); ++i) {
            step += (b[i] - a[i]) * (b[i] - a[i]);
            bend += (c[i] - 2 * b[i] + a[i]) * (c[i] - 2 * b[i] + a[i]);
        }
        const double length = bend > 0 ? std::sqrt(step / bend) : 0;
        if (!(length > 1)) return {};
        parameters next(a.size());
        for (std::size_t i = 0; i < a.size(); ++i) {
            next[i] = a[i] + 2 * length * (b[i] - a[i]) + length * length * (c[i] - 2 * b[i] + a[i]);
            next[i] = std::max(next[i], c[i] / 16); // no share becomes 0 that EM has not made 0
        }
        normalise(next);
        return next;
    }

  private:
    /// Every share and every row of a matrix sums to 1.
    void normalise(parameters& all) const {
        for (std::size_t begin = 0; begin < all.size(); begin += q_) {
            double sum = 0;
            for (std::size_t k = 0; k < q_; ++k) sum += all[begin + k];
            for (std::size_t k = 0; k < q_; ++k)
                all[begin + k] = sum > 0 ? all[begin + k] / sum : 1 / static_cast<double>(q_);
        }
    }

    std::size_t q_, raters_ = 0;
    double smoothing_;
    /// rater · categories + category of every rating, and where the ratings of each unit end.
    std::vector<std::size_t> cells_, ends_;
    std::vector<double> counts_, posteriors_;
};

} // namespace detail

/// \throws argument_error for an owner list of the wrong length, a negative smoothing, or so many raters and categories
/// that the confusion matrices have more than 2^25 cells (a few times 256 MB).
inline dawid_skene_fit fit_dawid_skene(const rating_counts& ratings, const dawid_skene_options& options = {}) {
    const std::size_t q = ratings.categories(), columns = ratings.raters();
    require(options.smoothing >= 0, "a smoothing >= 0 was expected, found ", options.smoothing);
    require(options.rater_of_column.empty() || options.rater_of_column.size() == columns, "owners of ",
            options.rater_of_column.size(), " columns for ", columns);
    dawid_skene_fit fit{.categories = q, .rater_of_column = options.rater_of_column};
    for (std::size_t c = fit.rater_of_column.size(); c < columns; ++c) fit.rater_of_column.push_back(c);
    const std::size_t raters = *std::ranges::max_element(fit.rater_of_column) + 1;
    require(q <= 8192 && raters * q * q <= std::size_t{1} << 25, "confusion matrices of ", raters, " raters in ", q,
            " categories do not fit: ", raters, " × ", q, "² cells");
    detail::dawid_skene_steps steps(ratings, fit.rater_of_column, options.smoothing);
    if (steps.empty()) return fit;

    constexpr double noise = 1e-12; // what rounding may move at a fixed point
    fit.status = estimate_status::not_converged;
    detail::dawid_skene_steps::parameters before, last, now;
    double change = std::numeric_limits<double>::infinity();
    std::size_t plain = 0, settled = 0; // steps since the last jump, and those that moved next to nothing
    while (fit.iterations < options.max_iterations && fit.status != estimate_status::ok) {
        ++fit.iterations;
        before = std::exchange(last, std::exchange(now, steps.maximise()));
        fit.log_likelihood = steps.expect(now);
        fit.objective = fit.log_likelihood + steps.log_density(now);
        if (last.empty()) continue;
        const double previous = std::exchange(change, steps.distance(last, now)), rate = change / previous;
        const bool near = ++plain > 1 && rate < 1 && change * rate / (1 - rate) <= options.tolerance;
        settled = near || change <= noise ? settled + 1 : 0;
        if (settled == 3) fit.status = estimate_status::ok; // a slow direction hides behind faster ones for a step
        if (settled > 0) continue;
        if (plain < 2 || fit.iterations < 12) continue; // far from a maximum, jumps may lead to another one
        auto jumped = steps.extrapolate(before, last, now);
        if (jumped.empty()) continue;
        const double likelihood = steps.expect(jumped), objective = likelihood + steps.log_density(jumped);
        if (!(objective >= fit.objective)) {
            steps.expect(now);
            continue;
        }
        now = std::move(jumped);
        fit.log_likelihood = likelihood;
        fit.objective = objective;
        plain = 0;
    }
    fit.prior.assign(now.begin(), now.begin() + static_cast<std::ptrdiff_t>(q));
    fit.confusion.assign(now.begin() + static_cast<std::ptrdiff_t>(q), now.end());
    return fit;
}

} // namespace preflearn
