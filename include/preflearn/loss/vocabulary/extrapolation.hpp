/// \file
/// log Σ_v π(v)^{1+λ} π_ref(v)^{−λ} of every row: what normalises the softmax of a policy's logits extrapolated from
/// its reference's, (1 + λ) z − λ z⁰ (SPA: Kim et al. 2025, arXiv:2406.04412, section 4.2), and λ times Rényi's
/// divergence of order 1 + λ of π from π_ref. In tiles, as in linear_divergence.hpp:
///   log Σ e^{(1+λ) z − λ z⁰} − (1 + λ) log Σ e^z + λ log Σ e^{z⁰}.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/vocabulary/linear_divergence.hpp>
#include <preflearn/loss/vocabulary/linear_log_probs.hpp>
#include <preflearn/loss/vocabulary/log_softmax.hpp>
#include <preflearn/loss/vocabulary/softmax.hpp>
#include <preflearn/loss/vocabulary/tiles.hpp>

namespace preflearn {

/// Sums over the logits seen so far of one row under both models and the extrapolated one.
struct extrapolation_sums {
    softmax_sums reference, policy, extrapolated;

    void merge(const extrapolation_sums& other) {
        reference.merge(other.reference);
        policy.merge(other.policy);
        extrapolated.merge(other.extrapolated);
    }
    /// At least 0, in nats.
    [[nodiscard]] double value(double lambda) const {
        const double found =
            extrapolated.normaliser() - (1 + lambda) * policy.normaliser() + lambda * reference.normaliser();
        return found < 0 ? 0.0 : found; // rounding
    }
    [[nodiscard]] bool is_sound() const { return reference.is_sound() && policy.is_sound() && extrapolated.is_sound(); }
};

/// Sums of pieces of equal length. A token that the policy excludes (a logit of −∞) is excluded.
template <std::floating_point Real>
extrapolation_sums extrapolation_of_logits(std::span<const Real> reference, std::span<const Real> policy,
                                           double lambda) {
    constexpr Real excluded = -std::numeric_limits<Real>::infinity();
    const Real more = static_cast<Real>(1 + lambda), less = static_cast<Real>(lambda);
    std::array<Real, detail::logits_per_piece> mixed;
    extrapolation_sums sums;
    for (std::size_t at = 0; at < reference.size(); at += mixed.size()) {
        const std::size_t size = std::min(mixed.size(), reference.size() - at);
        const Real *const z0 = reference.data() + at, *const z = policy.data() + at;
        for (std::size_t i = 0; i < size; ++i) mixed[i] = z[i] == excluded ? excluded : more * z[i] - less * z0[i];
        const auto ignore = [](auto&&...) {};
        const auto sums_of = [&](const Real* logits) {
            return detail::sums_of_piece<softmax_moments::none>(logits, size, ignore);
        };
        sums.merge({sums_of(z0), sums_of(z), sums_of(mixed.data())});
    }
    return sums;
}

/// Writes it for every row. `Matrices` models Backend<T>.
/// \throws argument_error when shapes differ or λ is negative; numeric_error naming a row without a distribution, as
/// one where the reference excludes a token that the policy allows
template <class Matrices, std::floating_point T, class ReferenceHead, class Head>
void linear_extrapolation(const linear_model<T, ReferenceHead>& reference, const linear_model<T, Head>& policy,
                          double lambda, std::span<double> out) {
    const std::size_t rows = policy.hidden.rows, vocabulary = policy.head.rows;
    require(reference.hidden.rows == rows && reference.head.rows == vocabulary, "the reference has ",
            reference.hidden.rows, " rows and a vocabulary of ", reference.head.rows, ", the policy ", rows, " and ",
            vocabulary);
    require(out.size() == rows, "there is room for ", out.size(), " rows of ", rows);
    require(lambda >= 0 && std::isfinite(lambda), "lambda is ", lambda, ", a number that is not negative was expected");
    const vocabulary_tiles tiles(rows, vocabulary_tiles::rows_at_most, vocabulary);
    std::vector<extrapolation_sums> parts(tiles.groups() * rows);
    detail::for_rows_of_both<Matrices>(
        reference, policy, tiles, [&](std::size_t group, std::size_t row, std::span<const T> z0, std::span<const T> z) {
            parts[group * rows + row].merge(extrapolation_of_logits(z0, z, lambda));
        });
    for (std::size_t r = 0; r < rows; ++r) {
        extrapolation_sums sums;
        for (std::size_t group = 0; group < tiles.groups(); ++group) sums.merge(parts[group * rows + r]);
        if (!sums.reference.is_sound()) throw_linear_fault(reference.hidden, reference.head, r);
        if (!sums.policy.is_sound()) throw_linear_fault(policy.hidden, policy.head, r);
        require<numeric_error>(sums.is_sound(), "row ", r, ": logits extrapolated by ", lambda,
                               " have no distribution: the reference excludes a token that the policy allows");
        out[r] = sums.value(lambda);
    }
}

} // namespace preflearn
