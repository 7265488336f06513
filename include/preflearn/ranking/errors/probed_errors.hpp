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
template <class Information> probed_errors probe_inverse(const Information& information, const probe_options& options) {
    require(options.most >= 2, "errors need at least two probes, found ", options.most);
    using Eigen::VectorXd;
    constexpr double solve_accuracy = 1e-6;
    const VectorXd diagonal = information.diagonal();
    const Eigen::Index n = information.items(), size = diagonal.size();
    const VectorXd inverse = diagonal.head(n).cwiseMax(1e-300).cwiseInverse();
    const auto known_part = [&](const VectorXd& v) -> VectorXd { // (D⁻¹ + D⁻¹AD⁻¹) v
        const VectorXd scaled = inverse.cwiseProduct(v);
        VectorXd wide = VectorXd::Zero(size);
        wide.head(n) = scaled;
        return 2 * scaled - inverse.cwiseProduct(information.times(wide).head(n));
    };
    const auto centred = [](VectorXd v) -> VectorXd { return v.array() - v.mean(); };
    // The diagonal of the known part, centred in rows and columns.
    const VectorXd sums = known_part(VectorXd::Ones(n));
    const VectorXd known = (inverse - 2.0 / static_cast<double>(n) * sums).array() +
                           sums.sum() / (static_cast<double>(n) * static_cast<double>(n));

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
        VectorXd signs(n), wide = VectorXd::Zero(size);
        for (double& sign : signs) sign = random.bernoulli(0.5) ? 1 : -1;
        wide.head(n) = centred(signs);
        const VectorXd solved = conjugate_gradients(information, wide, solve_accuracy);
        if (solved.size() == 0 || !solved.allFinite()) return without_errors(failed);
        const VectorXd rest = signs.cwiseProduct(centred(solved.head(n)) - centred(known_part(wide.head(n))));
        ++found.probes;
        const VectorXd away = rest - mean; // Welford's sums
        mean += away / static_cast<double>(found.probes);
        squares += away.cwiseProduct(rest - mean);
        if (found.probes < 2) continue;
        const auto count = static_cast<double>(found.probes);
        variance = (known + mean).cwiseMax(1e-300);
        spread = (squares / (count * (count - 1))).cwiseSqrt().cwiseQuotient(2 * variance); // of the root: half
        found.relative_error = std::sqrt(spread.squaredNorm() / static_cast<double>(n));
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
        VectorXd wide = VectorXd::Zero(size);
        wide.head(n) = centred(VectorXd::Unit(n, a));
        const VectorXd solved = conjugate_gradients(information, wide, solve_accuracy);
        if (solved.size() == 0 || !solved.allFinite()) return without_errors(failed);
        const VectorXd along = centred(solved.head(n));
        for (Eigen::Index i = 0; i < n; ++i) {
            const double own = found.standard_errors[static_cast<std::size_t>(i)];
            const double difference = own * own + along[a] - 2 * along[i];
            found.from_anchor.push_back(i == a ? 0 : std::sqrt(difference < 0 ? 0 : difference)); // NaN stays
        }
    }
    for (Eigen::Index e = n; e < size; ++e) {
        VectorXd solved = conjugate_gradients(information, VectorXd::Unit(size, e), solve_accuracy);
        if (solved.size() == 0 || !solved.allFinite()) return without_errors(failed);
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
