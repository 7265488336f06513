/// \file
/// KL(π_ref ‖ π) of every row from the hidden states and vocabulary matrices of two models, and its gradient with
/// respect to the policy's, in tiles as in linear_log_probs.hpp: a tile of both models' logits at a time. The backward
/// pass computes them again.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/loss/vocabulary/divergence.hpp>
#include <preflearn/loss/vocabulary/linear_log_probs.hpp>
#include <preflearn/loss/vocabulary/log_softmax.hpp>
#include <preflearn/loss/vocabulary/logit_transform.hpp>
#include <preflearn/loss/vocabulary/tiles.hpp>

namespace preflearn {

/// A model's last hidden states, rows × width, its head, vocabulary × width (a matrix_view or a stored_matrix), and
/// what follows the head.
template <std::floating_point T, class Head = matrix_view<const T>> struct linear_model {
    matrix_view<const T> hidden;
    Head head;
    logit_transform<T> transform{};
};

namespace detail {

/// The logits of a tile's rows under both models: calls visit(group of tiles, row, reference's, policy's), for one
/// group from one thread at a time and in order.
template <class Matrices, std::floating_point T, class ReferenceHead, class Head, class Visit>
void for_rows_of_both(const linear_model<T, ReferenceHead>& reference, const linear_model<T, Head>& policy,
                      const vocabulary_tiles& tiles, const Visit& visit) {
    using matrix = typename Matrices::template matrix<T>;
    const auto room_of = [&](const auto& side) {
        return matrix(tokens_room(side.head, tiles.width), side.head.columns);
    };
    parallel_for(tiles.panels() * tiles.groups(), [&](std::size_t task) {
        const auto [row, count] = tiles.panel(task / tiles.groups());
        const std::size_t group = task % tiles.groups();
        matrix room(count, tiles.width), other(count, tiles.width);
        matrix reference_head = room_of(reference), policy_head = room_of(policy);
        tiles.for_tiles(group, tiles.groups(), [&, first_row = row, height = count](std::size_t token, std::size_t n) {
            const matrix_view<T> z0(room.view().data, height, n), z(other.view().data, height, n);
            (void)multiply_by_tokens<Matrices>(reference.hidden.row_block(first_row, height), reference.head, token, z0,
                                               reference_head.view(), false);
            (void)multiply_by_tokens<Matrices>(policy.hidden.row_block(first_row, height), policy.head, token, z,
                                               policy_head.view(), false);
            for (std::size_t r = 0; r < height; ++r) {
                reference.transform.apply(std::span(z0.row(r), n), token);
                policy.transform.apply(std::span(z.row(r), n), token);
                visit(group, first_row + r, std::span<const T>(z0.row(r), n), std::span<const T>(z.row(r), n));
            }
        });
    });
}

} // namespace detail

/// Writes KL(π_ref ‖ π) of every row; +∞ where the policy excludes a token that the reference allows. The models may
/// differ in width. With `weights`, also adds the gradient of Σ_r weights[r] · KL_r to those of the policy.
/// `Matrices` models Backend<T>.
/// \throws argument_error when shapes differ; numeric_error naming a row without a distribution or a weight that is not
/// finite.
template <class Matrices, std::floating_point T, class ReferenceHead, class Head>
void linear_kl_from_reference(const linear_model<T, ReferenceHead>& reference, const linear_model<T, Head>& policy,
                              std::span<double> divergences, std::span<const double> weights = {},
                              const linear_gradients<T>& gradients = {}) {
    static_assert(Backend<Matrices, T>, "Matrices is a Backend: it has a name, matrix<T> and multiply");
    const std::size_t rows = policy.hidden.rows, vocabulary = policy.head.rows, width = policy.hidden.columns;
    require(reference.hidden.rows == rows && reference.head.rows == vocabulary, "the reference has ",
            reference.hidden.rows, " rows and a vocabulary of ", reference.head.rows, ", the policy ", rows, " and ",
            vocabulary);
    const auto check_side = [&](const auto& side) {
        require(side.hidden.columns == side.head.columns, "hidden states of width ", side.hidden.columns,
                " do not fit a head of width ", side.head.columns);
        side.transform.check(vocabulary);
    };
    check_side(reference);
    check_side(policy);
    require(divergences.size() == rows, "divergences has ", divergences.size(), " entries for ", rows, " rows");
    require(weights.empty() || weights.size() == rows, "weights has ", weights.size(), " entries for ", rows, " rows");
    check_gradients(gradients, policy.hidden, policy.head);
    for (std::size_t r = 0; r < weights.size(); ++r)
        require<numeric_error>(std::isfinite(weights[r]), "row ", r, ": weight is ", weights[r],
                               ", a finite number was expected");

    const vocabulary_tiles tiles(rows, vocabulary_tiles::rows_at_most, vocabulary);
    using matrix = typename Matrices::template matrix<T>;
    const auto logits = [](const auto& side, std::size_t row, std::size_t token, matrix_view<T> z, matrix_view<T> head,
                           bool wanted) {
        return multiply_by_tokens<Matrices>(side.hidden.row_block(row, z.rows), side.head, token, z, head, wanted);
    };
    const auto head_room = [&](const auto& side) {
        return matrix(tokens_room(side.head, tiles.width), side.head.columns);
    };

    std::vector<divergence_sums> parts(tiles.groups() * rows), sums(rows);
    detail::for_rows_of_both<Matrices>(
        reference, policy, tiles, [&](std::size_t group, std::size_t row, std::span<const T> z0, std::span<const T> z) {
            parts[group * rows + row].merge(divergence_of_logits(z0, z));
        });
    for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t group = 0; group < tiles.groups(); ++group) sums[r].merge(parts[group * rows + r]);
        if (!sums[r].reference.is_sound()) throw_linear_fault(reference.hidden, reference.head, r);
        if (!sums[r].policy.is_sound()) throw_linear_fault(policy.hidden, policy.head, r);
        divergences[r] = sums[r].value();
    }
    if (weights.empty() || (!gradients.hidden.data && !gradients.head.data && gradients.bias.empty())) return;

    const std::size_t groups = tiles.groups(std::size_t{32} << 20, tiles.height * width * sizeof(T));
    matrix d_hidden(gradients.hidden.data ? groups * tiles.height : 0, width);
    for (std::size_t p = 0; p < tiles.panels(); ++p) {
        const auto [row, count] = tiles.panel(p);
        parallel_for(groups, [&, first_row = row, height = count](std::size_t group) {
            matrix room(height, tiles.width), other(height, tiles.width);
            matrix reference_head = head_room(reference), policy_head = head_room(policy);
            std::vector<T> slopes(tiles.width);
            store mode = store::replace;
            tiles.for_tiles(group, groups, [&](std::size_t token, std::size_t n) {
                const matrix_view<T> z0(room.view().data, height, n), z(other.view().data, height, n);
                (void)logits(reference, first_row, token, z0, reference_head.view(), false);
                const matrix_view<const T> tokens = logits(policy, first_row, token, z, policy_head.view(), true);
                for (std::size_t r = 0; r < height; ++r) {
                    const divergence_sums& of_row = sums[first_row + r];
                    reference.transform.apply(std::span(z0.row(r), n), token);
                    policy.transform.apply(std::span(z.row(r), n), token, std::span(slopes).first(n));
                    divergence_gradient(std::span<const T>(z0.row(r), n), of_row.reference.normaliser(),
                                        std::span(z.row(r), n), of_row.policy.normaliser(), weights[first_row + r]);
                    for (std::size_t j = 0; j < n; ++j) z(r, j) *= slopes[j];
                    if (!gradients.bias.empty())
                        for (std::size_t j = 0; j < n; ++j) gradients.bias[token + j] += z(r, j);
                }
                const matrix_view<const T> dz(z);
                if (gradients.hidden.data)
                    Matrices::template multiply<T>(transpose::no, dz, transpose::no, tokens,
                                                   d_hidden.view().row_block(group * height, height), mode);
                if (gradients.head.data)
                    Matrices::template multiply<T>(transpose::yes, dz, transpose::no,
                                                   policy.hidden.row_block(first_row, height),
                                                   gradients.head.row_block(token, n), store::add);
                mode = store::add;
            });
        });
        if (gradients.hidden.data)
            add_parts<T>(d_hidden.view().row_block(0, groups * count), gradients.hidden.row_block(row, count));
    }
}

} // namespace preflearn
