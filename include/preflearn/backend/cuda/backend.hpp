/// \file
/// The CUDA backend: arrays on the device and every operation of a decoder forward as a product by a library or a
/// kernel of kernels/. All is enqueued on one stream and the host waits only where it reads numbers; ids, positions and
/// rows are checked before. Models learn on the processor.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <preflearn/backend/array_view.hpp>
#include <preflearn/backend/concepts.hpp>
#include <preflearn/backend/cuda/array.hpp>
#include <preflearn/backend/cuda/device.hpp>
#include <preflearn/backend/cuda/embed_tokens.hpp>
#include <preflearn/backend/cuda/gemm.hpp>
#include <preflearn/backend/cuda/held_matrix.hpp>
#include <preflearn/backend/cuda/low_rank.hpp>
#include <preflearn/backend/cuda/memory.hpp>
#include <preflearn/backend/cuda/operations.hpp>
#include <preflearn/backend/cuda/planned_attention.hpp>
#include <preflearn/backend/cuda/row_turns.hpp>
#include <preflearn/backend/cuda/vocabulary.hpp>
#include <preflearn/backend/operands.hpp>
#include <preflearn/core/numbers/half.hpp>
#include <preflearn/core/stored/stored_matrix.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/loss/vocabulary/log_softmax.hpp>
#include <preflearn/loss/vocabulary/logit_transform.hpp>

namespace preflearn {

/// A ScoringBackend of float whose arrays and weights are `Element`s on the device: float, bfloat16 or float16.
/// Products are `G`'s, sums are float. What the operations do is said in backend/concepts.hpp; equal bits are promised
/// for an equal batch, on one device and with one version of the library that multiplies. \throws argument_error where
/// shapes do not fit or a number names nothing; device_memory_error; device_error
template <cuda::Element Element, cuda::Gemm<Element> G> struct cuda_backend {
    static constexpr std::string_view name = std::same_as<Element, float>      ? "cuda float"
                                             : std::same_as<Element, bfloat16> ? "cuda bfloat16"
                                                                               : "cuda float16";

    template <class T> using view = array_view<T, cuda_backend, cuda::element_of<T, Element>>;
    template <class T> using rotation = cuda::row_turns;
    template <class T> using attention = cuda::planned_attention<Element>;
    using stored = cuda::held_matrix<Element>;

    template <class T> class array {
        static_assert(std::same_as<T, float>, "to the host, numbers on a CUDA device are float");

      public:
        array() = default;
        array(std::size_t rows, std::size_t columns) : numbers_(rows, columns) {}
        [[nodiscard]] cuda_backend::view<T> view() { return cuda_backend::handle<T>(numbers_.rows()); }
        [[nodiscard]] cuda_backend::view<const T> view() const {
            return cuda_backend::handle<const T>(numbers_.rows());
        }

      private:
        cuda::device_matrix<Element> numbers_;
    };

    // ---- how much of a batch runs at once (policy/decoder/rows_at_once.hpp): by the device's size, not by what is
    // free in it, so that equal batches are cut alike

    using memory_error = cuda::device_memory_error;
    static constexpr std::size_t sequences_at_once = 256;
    static std::size_t rows_at_once(std::size_t numbers) {
        return std::clamp<std::size_t>(share_of_memory() / (numbers * sizeof(Element)), 64, 8192);
    }
    static std::size_t tokens_kept(std::size_t numbers) { return share_of_memory() / (numbers * sizeof(Element)); }

    // ---- frozen weights

    static stored hold(const stored_matrix& matrix) { return stored(matrix); }
    /// Of matrices of one width that make one, so that one product reads them all.
    static std::vector<stored> hold_together(std::span<const stored_matrix> matrices) {
        return stored::below_each_other(matrices);
    }

  private:
    /// A parameter from which no type is deduced, so that a view of mutable elements may be given.
    template <class T> using given = std::type_identity_t<view<const T>>;
    template <class T> using wanted = std::type_identity_t<view<T>>;
    using matrix = weight_matrix<cuda_backend, float>;

    template <class T> static view<T> handle(cuda::device_rows<cuda::element_of<T, Element>> x) {
        return {x.data, x.rows, x.columns, x.stride};
    }
    static cuda::device_rows<Element> on(view<float> v) { return {v.first_, v.rows, v.columns, v.stride_}; }
    static cuda::device_rows<const Element> on(view<const float> v) { return {v.first_, v.rows, v.columns, v.stride_}; }
    static cudaStream_t stream() { return cuda::compute_stream(); }
    static std::size_t share_of_memory() { return cuda::properties_of_this_device().memory_bytes / 8; }
    /// Of a tile of float products: half of the second-level cache.
    static std::size_t tile_bytes() { return cuda::properties_of_this_device().l2_bytes / 2; }

    static void same_shape(std::string_view operation, view<const float> x, view<const float> y) {
        require(x.rows == y.rows && x.columns == y.columns, operation, ": ", x.rows, " x ", x.columns, " do not fit ",
                y.rows, " x ", y.columns);
    }
    /// `count` rows are named, as many as `x` has, which are as wide as those of the other side.
    static void named_rows(std::string_view operation, std::size_t count, std::size_t columns, view<const float> x) {
        require(count == x.rows && columns == x.columns, operation, ": ", count, " rows of width ", columns,
                " do not fit ", x.rows, " x ", x.columns);
    }
    /// A head, which is one matrix.
    static cuda::device_rows<const Element> one_piece(const matrix& weights) {
        require(weights.stored.size() <= 1, "a stored head is one matrix, found ", weights.stored.size(), " parts");
        return weights.stored.empty() ? on(weights.trained) : weights.stored.front().numbers();
    }

  public:
    // ---- rows

    template <class T> static void upload(std::span<const std::type_identity_t<T>> from, view<T> to) {
        require(from.size() == to.rows * to.columns, "upload: ", from.size(), " numbers do not fit ", to.rows, " x ",
                to.columns);
        cuda::upload_numbers(from, on(to));
    }
    template <class T> static void download(view<T> from, std::span<std::remove_const_t<T>> to) {
        require(to.size() == from.rows * from.columns, "download: ", from.rows, " x ", from.columns,
                " numbers do not fit ", to.size());
        if (!to.empty()) cuda::download_numbers<Element>(on(from), to);
    }
    template <class T> static void fill(view<T> x, std::type_identity_t<T> value) {
        cuda::fill(on(x), value, stream());
    }
    template <class T> static void copy(given<T> from, view<T> to) {
        if (from.first_ == to.first_) return;
        same_shape("copy", from, to);
        cuda::copy_elements<Element>(on(from), on(to));
    }
    template <class T> static void add(given<T> from, view<T> to, double factor = 1) {
        same_shape("add", from, to);
        cuda::add<Element>(on(from), on(to), static_cast<float>(factor), stream());
    }
    template <class T> static void gather_rows(given<T> x, std::span<const std::size_t> rows, view<T> y) {
        named_rows("gather_rows", rows.size(), x.columns, y);
        const auto numbers = cuda::checked_numbers("gather_rows: row", rows, x.rows);
        cuda::gather_rows<Element>(on(x), numbers.data(), on(y), stream());
    }
    /// Numbers of rows that serve several operations; see key_value_cache.
    struct row_numbers {
        explicit row_numbers(std::span<const std::size_t> rows)
            : count(rows.size()), end(rows.empty() ? 0 : *std::ranges::max_element(rows) + 1),
              numbers(cuda::checked_numbers("scatter_rows: row", rows, std::uint32_t(-1))) {}
        std::size_t count, end;
        cuda::device_buffer<std::uint32_t> numbers;
    };
    template <class T> static void scatter_rows(given<T> x, const row_numbers& rows, view<T> y) {
        named_rows("scatter_rows", rows.count, y.columns, x);
        require(rows.end <= y.rows, "scatter_rows: a row is ", rows.end - 1, ", expected 0 to below ", y.rows);
        cuda::scatter_rows<Element>(on(x), rows.numbers.data(), on(y), stream());
    }
    template <class T> static void scatter_rows(given<T> x, std::span<const std::size_t> rows, view<T> y) {
        scatter_rows<T>(x, row_numbers(rows), y);
    }

    // ---- a decoder

    template <class T>
    static void embed(std::span<const token_id> ids, const weight_matrix<cuda_backend, T>& table, double scale,
                      view<T> x) {
        named_rows("embed", ids.size(), table.columns(), x);
        const auto factor = static_cast<float>(scale);
        if (table.stored.empty()) return cuda::embed_tokens<Element>(ids, on(table.trained), factor, on(x));
        cuda::embed_tokens<Element>(ids, table.stored, factor, on(x));
    }
    template <class T> static void add_positions(std::span<const std::uint32_t> positions, given<T> table, view<T> x) {
        named_rows("add_positions", positions.size(), table.columns, x);
        const auto numbers = cuda::checked_numbers("add_positions: position", positions, table.rows);
        cuda::add_positions<Element>(numbers.data(), on(table), on(x), stream());
    }
    template <class T>
    static void normalise(given<T> x, const norm_operands<cuda_backend, T>& norm, view<T> y, wanted<T> statistics) {
        same_shape("normalise", x, y);
        if (statistics.absent()) return cuda::normalise<Element>(on(x), device_norm(norm, x), on(y), {}, stream());
        named_rows("normalise: statistics", x.rows, norm.statistics(), statistics);
        cuda::device_matrix<float> found(statistics.rows, statistics.columns);
        cuda::normalise<Element>(on(x), device_norm(norm, x), on(y), found.rows(), stream());
        cuda::convert<float, Element>(std::as_const(found).rows(), on(statistics), stream());
    }
    /// y += scale · norm(x).
    template <class T>
    static void add_normalised(given<T> x, const norm_operands<cuda_backend, T>& norm, double scale, view<T> y) {
        same_shape("add_normalised", x, y);
        cuda::add_normalised<Element>(on(x), device_norm(norm, x), static_cast<float>(scale), on(y), stream());
    }
    template <class T>
    static void linear(given<T> x, const affine_map<cuda_backend, T>& weights, view<T> y, store mode) {
        const matrix& w = weights.matrix;
        require(x.rows == y.rows && x.columns == w.columns() && y.columns == w.rows() &&
                    (weights.bias.absent() || weights.bias.columns == y.columns),
                "linear: rows of ", x.rows, " x ", x.columns, ", weights of ", w.rows(), " x ", w.columns(),
                " and a bias of ", weights.bias.columns, " do not fit a result of ", y.rows, " x ", y.columns);
        const auto multiply = [&](cuda::device_rows<const Element> piece, std::size_t first) {
            const Element* const bias = weights.bias.absent() ? nullptr : weights.bias.first_ + first;
            cuda::multiply_rows<G, Element, Element>(on(x), piece, cuda::some_columns(on(y), first, piece.rows),
                                                     stream(),
                                                     {.beta = mode == store::add ? 1.0F : 0.0F, .bias = bias});
        };
        if (w.stored.empty())
            multiply(on(w.trained), 0);
        else
            cuda::for_pieces<Element>(w.stored, multiply);
        if (weights.adapter.down.absent()) return;
        require(!weights.adapter.dropout.active(), "linear: a model is not trained on a CUDA device, and dropout of an "
                                                   "adapter's input was asked for");
        cuda::low_rank<Element> adapter{on(weights.adapter.down)};
        for (const auto& part : weights.adapter.parts)
            if (!part.up.absent()) adapter.parts.push_back({part.first, on(part.up), static_cast<float>(part.scale)});
        cuda::add_low_rank<G>(on(x), adapter, on(y));
    }
    template <class T> static void rotate(const rotation<T>& turns, std::size_t heads, view<T> x) {
        turns.turn(on(x), heads);
    }
    template <class T>
    static void attend(attention<T>& plan, given<T> queries, given<T> keys_values, view<T> mixed,
                       wanted<T> normaliser) {
        if (normaliser.absent()) return plan.attend(on(queries), on(keys_values), on(mixed), nullptr);
        cuda::device_buffer<float> found(normaliser.rows * normaliser.columns);
        plan.attend(on(queries), on(keys_values), on(mixed), found.data());
        cuda::convert<float, Element>({found.data(), normaliser.rows, normaliser.columns, normaliser.columns},
                                      on(normaliser), stream());
    }
    template <class T> static void activate(given<T> x, mlp_kind mlp, activation_kind kind, view<T> y) {
        named_rows("activate", x.rows, mlp == mlp_kind::gated ? x.columns / 2 : x.columns, y);
        cuda::activate<Element>(on(x), mlp, kind, on(y), stream());
    }

    // ---- what is read from the final hidden states

    template <class T>
    static void log_probs(given<T> hidden, const weight_matrix<cuda_backend, T>& head,
                          const logit_transform<T>& transform, std::span<const token_id> targets,
                          std::span<const std::size_t> sources, const vocabulary_scores& scores) {
        cuda::score_vocabulary<G, Element>(on(hidden), one_piece(head), transform, targets, sources, scores,
                                           tile_bytes());
    }
    /// hidden · headᵀ in float, for the host; `shown` has a row of the vocabulary for each of hidden.
    template <class T>
    static void logits(given<T> hidden, const weight_matrix<cuda_backend, T>& head, std::span<T> shown) {
        constexpr std::size_t at_once = std::size_t{256} << 20;
        cuda::show_logits<G, Element>(on(hidden), one_piece(head), shown, at_once);
    }
    /// rewards[i] = hidden's row i · v. \param v 1 × hidden's columns
    template <class T> static void reward_head(view<const T> hidden, view<const T> v, std::span<double> rewards) {
        require(v.rows == 1 && v.columns == hidden.columns && rewards.size() == hidden.rows,
                "reward_head: ", hidden.rows, " x ", hidden.columns, " hidden states, ", v.rows, " x ", v.columns,
                " weights and ", rewards.size(), " rewards do not fit");
        cuda::device_buffer<float> found(rewards.size());
        cuda::reward_head<Element>(on(hidden), v.first_, 0, found.data(), stream());
        std::ranges::copy(cuda::copied_to_host(found), rewards.begin());
    }

  private:
    static cuda::device_norm<Element> device_norm(const norm_operands<cuda_backend, float>& norm, view<const float> x) {
        require(norm.heads != 0 && x.columns % norm.heads == 0 && norm.weight.columns == x.columns / norm.heads &&
                    (norm.bias.absent() || norm.bias.columns == norm.weight.columns),
                "normalise: rows of ", x.columns, " in ", norm.heads, " parts do not fit a weight of ",
                norm.weight.columns, " and a bias of ", norm.bias.columns);
        return {.kind = norm.kind,
                .epsilon = static_cast<float>(norm.epsilon),
                .heads = norm.heads,
                .weight = norm.weight.first_,
                .bias = norm.bias.first_};
    }
};

} // namespace preflearn
