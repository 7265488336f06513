/// \file
/// What a device is to a language model: arrays that only it can reach, and the operations of a decoder on them. A
/// `ScoringBackend` runs a model forward, a `LearningBackend` backward, too. A backend is a template argument of a
/// model, never a run-time branch in a kernel; all its functions are static.
///
/// Conventions: rows are tokens. Shapes are taken from what is written to. Ids, positions and row numbers are given
/// from the host's memory. Of a backward pass, gradients of parameters are added to, derivatives of rows are written,
/// or as `store` says; a view that is absent is not wanted and not computed.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include <preflearn/backend/operands.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/stored/stored_matrix.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/loss/vocabulary/log_softmax.hpp>
#include <preflearn/loss/vocabulary/logit_transform.hpp>

namespace preflearn {

/// `B::array<T>` owns rows × columns elements, `B::view<T>` is a handle on some of its rows (see array_view.hpp).
template <class B, class T>
concept OwnsArrays = requires(typename B::template array<T> owned, typename B::template view<T> x,
                              typename B::template view<const T> c, std::span<const T> given, std::span<T> wanted,
                              std::size_t n) {
    { B::name } -> std::convertible_to<std::string_view>;
    requires std::default_initializable<typename B::template array<T>>;
    requires std::constructible_from<typename B::template array<T>, std::size_t, std::size_t>;
    requires std::copyable<typename B::template array<T>>;
    { owned.view() } -> std::same_as<typename B::template view<T>>;
    { std::as_const(owned).view() } -> std::same_as<typename B::template view<const T>>;
    { x } -> std::convertible_to<typename B::template view<const T>>;
    requires std::default_initializable<typename B::template view<T>>;
    { x.absent() } -> std::same_as<bool>;
    { x.rows } -> std::convertible_to<std::size_t>;
    { x.columns } -> std::convertible_to<std::size_t>;
    { x.row_block(n, n) } -> std::same_as<typename B::template view<T>>;
    { x.column_block(n, n) } -> std::same_as<typename B::template view<T>>;
    { x.part(n, n, n) } -> std::same_as<typename B::template view<T>>;

    B::upload(given, x); // row after row
    B::download(c, wanted);
    B::fill(x, T(0));
    B::copy(c, x);     // x = c; nothing where both are one
    B::add(c, x);      // x += c
    B::add(c, x, 0.5); // x += 0.5 c
};

/// Runs a decoder forward. Two things are made once and serve all layers of a batch: `B::rotation<T>`, of the angles by
/// which a position turns and the position of each row, and `B::attention<T>`, of a plan and a shape. `B::stored` is a
/// frozen matrix that the device can read; `B::hold` makes it of a stored_matrix.
///
/// Semantics: what is computed of a row depends on the row, the keys that it may see and the parameters alone, not on
/// the rows beside it or how many there are; all that is said of equal bits rests on it. (A device whose library of
/// products chooses its order of sums by their size promises less, and says so.)
template <class B, class T = float>
concept ScoringBackend = OwnsArrays<B, T> &&
    requires(typename B::template view<T> y, typename B::template view<const T> x, std::span<const token_id> ids,
             std::span<const std::uint32_t> positions, std::span<const std::size_t> rows, std::size_t heads,
             const weight_matrix<B, T>& table, const affine_map<B, T>& weights, const norm_operands<B, T>& norm,
             std::span<const double> frequencies, const typename B::template rotation<T>& rotation,
             const attention_plan& plan, const attention_shape& shape, typename B::template attention<T>& attention,
             const logit_transform<T>& transform, const vocabulary_scores& scores, stored_matrix frozen) {
    { B::hold(std::move(frozen)) } -> std::same_as<typename B::stored>;

    // y's row r = scale · row ids[r] of the table
    B::embed(ids, table, 1.0, y);
    // y's row r += row positions[r] of x
    B::add_positions(positions, x, y);
    // y's row i = x's row rows[i]; y's row rows[i] = x's row i
    B::gather_rows(x, rows, y);
    B::scatter_rows(x, rows, y);
    // y = norm(x); the last, of norm.statistics() columns, receives what the backward pass needs, where it is wanted. y
    // may be x.
    B::normalise(x, norm, y, y);
    // y = x Wᵀ + b + what its adapter adds, or y += that
    B::linear(x, weights, y, store::replace);
    // turns the first 2 · frequencies columns of each of `heads` heads, all columns of y, to the position of its row,
    // and multiplies them by the last
    {typename B::template rotation<T>(frequencies, positions, 1.0)};
    B::rotate(rotation, heads, y);
    // of queries and of keys and values side by side: the mixed values, and log Σ exp of each row's and head's scores
    // where it is wanted
    {typename B::template attention<T>(plan, shape, true)}; // whether a backward pass will be asked for
    B::attend(attention, x, x, y, y);
    // y = f(gate) · up, x holding the two side by side, or y = f(x)
    B::activate(x, mlp_kind::gated, activation_kind::silu, y);
    // log-probs of targets from rows `sources` of x, and what else `scores` asks for of every row, NaN for a row whose
    // logits have no distribution
    B::log_probs(x, table, transform, ids, rows, scores);
};

/// Runs a decoder backward, too: parameters and gradients lie where the host can reach them.
template <class B, class T = float>
concept LearningBackend = ScoringBackend<B, T> &&
    requires(typename B::template view<T> dx, typename B::template view<const T> x, std::span<const token_id> ids,
             std::span<const std::uint32_t> positions, std::span<const std::size_t> rows, std::size_t heads,
             const weight_matrix<B, T>& table, const affine_map<B, T>& weights, const norm_operands<B, T>& norm,
             const typename B::template rotation<T>& rotation, typename B::template attention<T>& attention,
             const logit_transform<T>& transform, std::span<const double> numbers, std::span<double> of_rows,
             const parameter_gradients<B, T>& into) {
    { B::host(dx) } -> std::same_as<matrix_view<T>>;
    { B::host(x) } -> std::same_as<matrix_view<const T>>;

    // of dy (here and below), scale, into the table's gradient
    B::embed_backward(ids, x, 1.0, dx);
    B::add_positions_backward(positions, x, dx);
    // dx's row rows[i] += dy's row i
    B::gather_rows_backward(x, rows, dx);
    // x, norm, statistics, dy, dx, how
    B::normalise_backward(x, norm, x, x, dx, store::add, into);
    // x, weights, dy, dx, how; x may be absent where no gradient of a weight or an adapter is wanted
    B::linear_backward(x, weights, x, dx, store::replace, into);
    B::rotate_backward(rotation, heads, dx);
    // queries, keys and values, mixed, normaliser, d mixed, d queries, d keys and values
    B::attend_backward(attention, x, x, x, x, x, dx, dx);
    // x, dy; writes the forward's y again, where it is wanted, and dx
    B::activate_backward(x, mlp_kind::gated, activation_kind::silu, x, dx, dx);
    // normalisers of each row, derivatives of each prediction; adds to d hidden and d head
    B::log_probs_backward(x, table, transform, ids, rows, numbers, numbers, dx, dx);
    // KL(reference ‖ policy) of each row's next token, of hidden states, head and transform of the reference, then of
    // the policy; where weights of the rows are given, adds the gradient of their weighted sum to d hidden and d head
    B::kl_from_reference(x, table, transform, x, table, transform, of_rows, numbers, dx, dx);
};

} // namespace preflearn
