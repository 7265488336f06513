/// \file
/// Standard errors of boards too large for a covariance matrix: the diagonal of G = H⁺ on the mean-zero scale,
/// estimated with random signs z (Hutchinson 1990) by the mean of z ∘ Gz, one sparse solve a probe. What the first two
/// terms of G = D⁻¹ + D⁻¹AD⁻¹ + … (H = D − A, D its diagonal) contribute is known and replaces its estimate, so that a
/// probe errs by parts of a per cent where items meet many others. The probes' spread says how much: no silent guess.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include <Eigen/Core>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/board/counts.hpp>
#include <preflearn/ranking/fit/fit_board.hpp>
#include <preflearn/ranking/model/board_model.hpp>
#include <preflearn/ranking/model/vectors.hpp>
#include <preflearn/ranking/solver/conjugate_gradients.hpp>

namespace preflearn {

struct probe_options {
    /// Probes go on until the typical relative error of a standard error is below this.
    double accuracy = 0.002;
    /// Or until there are so many of them: at least 2.
    std::size_t most = 128;
    /// Errors that are worse than this even then are not given.
    double worst = 0.05;
    std::uint64_t seed = 0;
    /// The errors of differences to this item's score are wanted too: one more solve.
    std::optional<std::size_t> anchor{};
};

struct probed_errors {
    /// In the order of the fit's parameters, scores on the mean-zero scale, the tie parameter as the solver has it. NaN
    /// where an error is not known to `worst`, be it one item's or all.
    std::vector<double> standard_errors{};
    /// Root mean square over the items of the relative error of a score's standard error, from the probes' spread; NaN
    /// where a probe failed, for its equations are singular in double precision.
    double relative_error = std::numeric_limits<double>::quiet_NaN();
    std::size_t probes = 0;
    /// Of score − the anchor's score, one an item; empty without an anchor.
    std::vector<double> from_anchor{};
};

/// \param information as `conjugate_gradients` wants it, its first `items()` parameters strengths
inline probed_errors probe_inverse(const linear_system& information, const probe_options& options) {
    require(options.most >= 2, "errors need at least two probes, found ", options.most);
    using Eigen::VectorXd;
    constexpr double solve_accuracy = 1e-6;
    const VectorXd diagonal = information.diagonal();
    const Eigen::Index n = information.items(), size = diagonal.size();
    const VectorXd inverse = inverses(widened(diagonal, n, n));
    const auto known_part = [&](const VectorXd& v) { // (D⁻¹ + D⁻¹AD⁻¹) v
        VectorXd scaled = entry_products(inverse, widened(v, n, n));
        const VectorXd image = information.times(widened(scaled, n, size));
        for (Eigen::Index i = 0; i < n; ++i) scaled[i] = 2 * scaled[i] - inverse[i] * image[i];
        return scaled;
    };
    const auto centred = [n](const VectorXd& v) {
        VectorXd c = widened(v, n, n);
        centre_first(c, n);
        return c;
    };
    // The diagonal of the known part, centred in rows and columns.
    VectorXd ones(n);
    for (double& one : ones) one = 1;
    const VectorXd sums = known_part(ones);
    VectorXd known = moved(inverse, -2.0 / static_cast<double>(n), sums);
    const double common = sum_of_first(sums.data(), n) / (static_cast<double>(n) * static_cast<double>(n));
    for (double& k : known) k += common;

    probed_errors found;
    VectorXd mean = VectorXd::Zero(n), squares = mean, spread = mean, variance = known;
    const auto without_errors = [&](double relative_error) {
        found.relative_error = relative_error;
        constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
        found.standard_errors.assign(static_cast<std::size_t>(size), unknown);
        found.from_anchor.assign(options.anchor ? static_cast<std::size_t>(n) : 0, unknown);
        return found;
    };
    const double failed = std::numeric_limits<double>::quiet_NaN();
    while (found.probes < options.most) {
        generator random(options.seed, "probes of errors", found.probes);
        VectorXd signs(n);
        for (double& sign : signs) sign = random.bernoulli(0.5) ? 1 : -1;
        const VectorXd wide = widened(centred(signs), n, size);
        const VectorXd solved = conjugate_gradients(information, wide, solve_accuracy);
        if (solved.size() == 0 || !all_finite(solved)) return without_errors(failed);
        const VectorXd unknown = moved(centred(solved), -1, centred(known_part(wide)));
        const auto count = static_cast<double>(++found.probes);
        for (Eigen::Index i = 0; i < n; ++i) {
            const double rest = signs[i] * unknown[i], away = rest - mean[i]; // Welford's sums
            mean[i] += away / count;
            squares[i] += away * (rest - mean[i]);
        }
        if (found.probes < 2) continue;
        for (Eigen::Index i = 0; i < n; ++i) {
            variance[i] = std::max(known[i] + mean[i], 1e-300);
            spread[i] = std::sqrt(squares[i] / (count * (count - 1))) / (2 * variance[i]); // of the root: half
        }
        found.relative_error = std::sqrt(dot(spread, spread) / static_cast<double>(n));
        const double at_best = found.relative_error * std::sqrt(count / static_cast<double>(options.most));
        if (count >= 8 && (found.relative_error <= options.accuracy || at_best > 2 * options.worst)) break;
    }
    if (!(found.relative_error <= options.worst)) return without_errors(found.relative_error);
    for (Eigen::Index i = 0; i < n; ++i)
        found.standard_errors.push_back(known[i] + mean[i] > 0 && spread[i] <= options.worst
                                            ? std::sqrt(variance[i])
                                            : std::numeric_limits<double>::quiet_NaN());
    if (options.anchor) {
        const Eigen::Index a = as_index(*options.anchor);
        VectorXd unit = VectorXd::Zero(n);
        unit[a] = 1;
        const VectorXd solved = conjugate_gradients(information, widened(centred(unit), n, size), solve_accuracy);
        if (solved.size() == 0 || !all_finite(solved)) return without_errors(failed);
        const VectorXd along = centred(solved);
        for (Eigen::Index i = 0; i < n; ++i) {
            const double own = found.standard_errors[static_cast<std::size_t>(i)];
            const double difference = own * own + along[a] - 2 * along[i];
            found.from_anchor.push_back(i == a ? 0 : std::sqrt(difference < 0 ? 0 : difference)); // NaN stays
        }
    }
    for (Eigen::Index e = n; e < size; ++e) {
        VectorXd unit = VectorXd::Zero(size);
        unit[e] = 1;
        VectorXd solved = conjugate_gradients(information, unit, solve_accuracy);
        if (solved.size() == 0 || !all_finite(solved)) return without_errors(failed);
        information.centre(solved);
        found.standard_errors.push_back(std::sqrt(std::max(0.0, solved[e])));
    }
    return found;
}

/// The standard errors of `inverse_information` without its matrix; memory and time of a probe are those of a step of
/// the fit. Order effect and tie parameter have a solve of their own and no sampling error.
/// \throws numeric_error when the fit does not exist, argument_error when it is one of another model, or for fewer than
/// two probes.
template <class Model>
probed_errors probe_errors(const pair_counts& counts, const Model& model, const rating_fit& fit,
                           const probe_options& options = {}) {
    const board_point at = point_of_fit(counts, model, fit);
    return probe_inverse(board_information(counts, at), options);
}

} // namespace preflearn
