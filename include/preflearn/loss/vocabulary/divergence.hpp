/// \file
/// KL(π_ref ‖ π) of the distributions over the vocabulary that two matrices of logits give row by row, and its gradient
/// with respect to the policy's logits, π − π_ref: what TDPO (arXiv:2404.11999) needs of every token. In pieces:
///   KL = Σ e^{z⁰ − high} (z⁰ − z) / Σ e^{z⁰ − high} − log Σ e^{z⁰} + log Σ e^z.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/numbers/half.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/loss/vocabulary/log_softmax.hpp>
#include <preflearn/loss/vocabulary/logit_transform.hpp>
#include <preflearn/loss/vocabulary/softmax.hpp>

namespace preflearn {

/// Sums over the logits seen so far of one row under both models.
struct divergence_sums {
    softmax_sums reference, policy;
    double gap = 0; ///< Σ e^{z⁰ − reference.high} (z⁰ − z)

    /// Takes in the sums of other logits of the same row.
    void merge(const divergence_sums& other) {
        const double before = reference.high;
        reference.merge(other.reference);
        policy.merge(other.policy);
        const auto scaled = [this](double sum, double high) {
            return sum == 0 || std::isinf(sum) ? sum : sum * std::exp(high - reference.high);
        };
        gap = scaled(gap, before) + scaled(other.gap, other.reference.high);
    }
    /// KL(π_ref ‖ π) ≥ 0 in nats; +∞ when the policy excludes a token (by a logit of −∞) that the reference allows.
    [[nodiscard]] double value() const {
        const double found = gap / reference.sum + (policy.normaliser() - reference.normaliser());
        return found < 0 ? 0.0 : found; // rounding
    }
    [[nodiscard]] bool is_sound() const { return reference.is_sound() && policy.is_sound(); }
};

/// Sums of pieces of equal length.
template <std::floating_point Real>
divergence_sums divergence_of_logits(std::span<const Real> reference, std::span<const Real> policy) {
    std::array<Real, detail::logits_per_piece> weights;
    divergence_sums sums;
    for (std::size_t at = 0; at < reference.size(); at += weights.size()) {
        const std::size_t size = std::min(weights.size(), reference.size() - at);
        const Real *const z0 = reference.data() + at, *const z = policy.data() + at;
        std::fill_n(weights.begin(), size, Real(0));
        divergence_sums piece;
        piece.reference =
            detail::sums_of_piece<softmax_moments::none>(z0, size, [&](std::size_t i, Real e) { weights[i] = e; });
        piece.policy = detail::sums_of_piece<softmax_moments::none>(z, size, [](auto&&...) {});
        std::array<Real, detail::softmax_lanes<Real>> gap{};
        detail::in_lanes<Real>(size, [&](std::size_t lane, std::size_t i) {
            gap[lane] += weights[i] > 0 ? weights[i] * (z0[i] - z[i]) : Real(0);
        });
        piece.gap = detail::sum_of_lanes(gap);
        sums.merge(piece);
    }
    return sums;
}

/// Replaces a piece of the policy's logits by weight · ∂KL/∂z = weight (π − π_ref), given both normalisers.
template <std::floating_point Real>
void divergence_gradient(std::span<const Real> reference, double reference_normaliser, std::span<Real> policy,
                         double normaliser, double weight) {
    std::array<Real, detail::logits_per_piece> room;
    for (std::size_t at = 0; at < policy.size(); at += room.size()) {
        const std::span<Real> piece = policy.subspan(at, std::min(room.size(), policy.size() - at));
        const std::span<Real> subtracted = std::span(room).first(piece.size());
        std::copy_n(reference.data() + at, piece.size(), subtracted.data());
        log_softmax_gradient(subtracted, reference_normaliser, weight);
        log_softmax_gradient(piece, normaliser, -weight);
        for (std::size_t i = 0; i < piece.size(); ++i) piece[i] += subtracted[i];
    }
}

namespace detail {

template <StoredReal Logit>
divergence_sums divergence_of_rows(matrix_view<const Logit> reference, matrix_view<const Logit> policy, std::size_t row,
                                   const logit_transform<computed_t<Logit>>& transform) {
    std::array<computed_t<Logit>, logits_per_piece> room, other;
    divergence_sums sums;
    for (std::size_t at = 0; at < policy.columns; at += room.size()) {
        const std::size_t size = std::min(room.size(), policy.columns - at);
        const auto piece = [&](matrix_view<const Logit> logits, auto& into) {
            return transformed(std::span(logits.row(row) + at, size), at, transform, std::span(into));
        };
        sums.merge(divergence_of_logits(piece(reference, room), piece(policy, other)));
    }
    if (!sums.reference.is_sound()) logit_row<Logit>(reference, row, transform).throw_fault();
    if (!sums.policy.is_sound()) logit_row<Logit>(policy, row, transform).throw_fault();
    return sums;
}

template <StoredReal Logit>
void check_divergence(matrix_view<const Logit> reference, matrix_view<const Logit> policy,
                      std::span<double> divergences, const logit_transform<computed_t<Logit>>& transform) {
    require(reference.rows == policy.rows && reference.columns == policy.columns, "the reference's logits are ",
            reference.rows, " x ", reference.columns, ", the policy's ", policy.rows, " x ", policy.columns);
    require(divergences.size() == policy.rows, "divergences has ", divergences.size(), " entries for ", policy.rows,
            " rows");
    transform.check(policy.columns);
}

} // namespace detail

/// Writes KL(π_ref ‖ π) of every row. Both models' logits go through `transform`.
/// \throws argument_error when shapes differ; numeric_error naming row and column for a NaN or +∞, and naming the row
/// when all its logits are −∞.
template <StoredReal Logit>
void kl_from_reference(matrix_view<const Logit> reference, matrix_view<const Logit> policy,
                       std::span<double> divergences, const logit_transform<computed_t<Logit>>& transform = {}) {
    detail::check_divergence(reference, policy, divergences, transform);
    parallel_blocks(policy.rows, detail::rows_per_task(policy.columns), [&](std::size_t begin, std::size_t end) {
        for (std::size_t r = begin; r < end; ++r)
            divergences[r] = detail::divergence_of_rows(reference, policy, r, transform).value();
    });
}

/// The same, and replaces the policy's logits by the gradient of Σ_r weights[r] · KL_r.
/// \throws as kl_from_reference, and numeric_error naming the row of a weight that is not finite. After a numeric_error
/// the logits may be replaced in part.
template <StoredReal Logit>
void kl_from_reference_and_gradient(matrix_view<const Logit> reference, matrix_view<Logit> policy,
                                    std::span<const double> weights, std::span<double> divergences,
                                    const logit_transform<computed_t<Logit>>& transform = {}) {
    using real = computed_t<Logit>;
    detail::check_divergence<Logit>(reference, policy, divergences, transform);
    require(weights.size() == policy.rows, "weights has ", weights.size(), " entries for ", policy.rows, " rows");
    for (std::size_t r = 0; r < weights.size(); ++r)
        require<numeric_error>(std::isfinite(weights[r]), "row ", r, ": weight is ", weights[r],
                               ", a finite number was expected");
    parallel_blocks(policy.rows, detail::rows_per_task(policy.columns), [&](std::size_t begin, std::size_t end) {
        std::array<real, detail::logits_per_piece> room, gradient, slopes;
        for (std::size_t r = begin; r < end; ++r) {
            const divergence_sums sums = detail::divergence_of_rows<Logit>(reference, policy, r, transform);
            divergences[r] = sums.value();
            for (std::size_t at = 0; at < policy.columns; at += room.size()) {
                const std::size_t size = std::min(room.size(), policy.columns - at);
                Logit* const stored = policy.row(r) + at;
                const std::span<real> z(gradient.data(), size);
                std::copy_n(stored, size, z.begin());
                transform.apply(z, at, std::span(slopes).first(size));
                divergence_gradient(transformed(std::span(reference.row(r) + at, size), at, transform, std::span(room)),
                                    sums.reference.normaliser(), z, sums.policy.normaliser(), weights[r]);
                for (std::size_t i = 0; i < size; ++i) stored[i] = static_cast<Logit>(z[i] * slopes[i]);
            }
        }
    });
}

} // namespace preflearn
