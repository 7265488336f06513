/// \file
/// The processor's backend: arrays in the host's memory, and every operation of a decoder as a kernel of this folder.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include <preflearn/backend/array_view.hpp>
#include <preflearn/backend/concepts.hpp>
#include <preflearn/backend/cpu/activate.hpp>
#include <preflearn/backend/cpu/attend.hpp>
#include <preflearn/backend/cpu/embed.hpp>
#include <preflearn/backend/cpu/linear.hpp>
#include <preflearn/backend/cpu/matrix.hpp>
#include <preflearn/backend/cpu/normalise.hpp>
#include <preflearn/backend/cpu/rotate.hpp>
#include <preflearn/backend/cpu/rows.hpp>
#include <preflearn/backend/operands.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/stored/stored_matrix.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/loss/vocabulary/extrapolation.hpp>
#include <preflearn/loss/vocabulary/linear_divergence.hpp>
#include <preflearn/loss/vocabulary/linear_log_probs.hpp>
#include <preflearn/loss/vocabulary/log_softmax.hpp>
#include <preflearn/loss/vocabulary/logit_transform.hpp>
#include <preflearn/products/product.hpp>

namespace preflearn {

/// Multiplies by `Products` (chained_products says what such a type has) and does all else by the kernels of this
/// folder. Models `Backend`, `ScoringBackend` and `LearningBackend` of the numbers that the products support; what the
/// operations do is said in backend/concepts.hpp. \throws argument_error where shapes do not fit.
template <class Products> struct processor_backend {
    static constexpr std::string_view name = Products::name;

    template <class T> using matrix = cpu_matrix<T>;
    template <class T> using view = array_view<T, processor_backend>;
    template <class T> using rotation = row_rotation<T>;
    template <class T> using attention = row_attention<T>;
    using stored = typename Products::stored;

    template <class T> class array {
      public:
        array() = default;
        array(std::size_t rows, std::size_t columns) : values_(rows, columns) {}
        [[nodiscard]] processor_backend::view<T> view() { return processor_backend::handle(values_.view()); }
        [[nodiscard]] processor_backend::view<const T> view() const {
            return processor_backend::handle(values_.view());
        }

      private:
        cpu_matrix<T> values_;
    };

    template <class T>
        requires(Products::template supports<T>)
    static void multiply(transpose op_a, matrix_view<const T> a, transpose op_b, matrix_view<const T> b,
                         matrix_view<T> c, store mode) {
        Products::template multiply<T>(op_a, a, op_b, b, c, mode);
    }

    /// The elements that a handle refers to, and a handle on elements in the host's memory.
    template <class T> static matrix_view<T> host(view<T> v) { return {v.first_, v.rows, v.columns, v.stride_}; }
    template <class T> static view<T> handle(matrix_view<T> m) { return {m.data, m.rows, m.columns, m.stride}; }
    static stored hold(stored_matrix matrix) {
        matrix.check();
        return Products::hold(std::move(matrix));
    }

  private:
    /// A parameter from which no type is deduced, so that a view of mutable elements may be given.
    template <class T> using given = std::type_identity_t<view<const T>>;
    template <class T> using wanted = std::type_identity_t<view<T>>;

    template <class T>
    static weight_matrix<host_operands<stored>, T> host(const weight_matrix<processor_backend, T>& weights) {
        return {host(weights.trained), weights.stored};
    }
    template <class T>
    static affine_map<host_operands<stored>, T> host(const affine_map<processor_backend, T>& weights) {
        affine_map<host_operands<stored>, T> on_host{host(weights.matrix), host(weights.bias)};
        on_host.adapter.down = host(weights.adapter.down);
        on_host.adapter.dropout = weights.adapter.dropout;
        for (std::size_t p = 0; p < most_adapted_parts; ++p)
            on_host.adapter.parts[p] = {weights.adapter.parts[p].first, host(weights.adapter.parts[p].up),
                                        weights.adapter.parts[p].scale};
        return on_host;
    }
    template <class T> static norm_operands<host_memory, T> host(const norm_operands<processor_backend, T>& norm) {
        return {norm.kind, norm.epsilon, norm.heads, host(norm.weight), host(norm.bias)};
    }
    template <class T>
    static parameter_gradients<host_memory, T> host(const parameter_gradients<processor_backend, T>& into) {
        parameter_gradients<host_memory, T> on_host{host(into.weight), host(into.bias), host(into.down)};
        for (std::size_t p = 0; p < most_adapted_parts; ++p) on_host.up[p] = host(into.up[p]);
        return on_host;
    }

  public:
    template <class T> static void upload(std::span<const std::type_identity_t<T>> from, view<T> to) {
        require(from.size() == to.rows * to.columns, "upload: ", from.size(), " numbers do not fit ", to.rows, " x ",
                to.columns);
        copy_rows<T>({from.data(), to.rows, to.columns}, host(to));
    }
    template <class T> static void download(view<T> from, std::span<std::remove_const_t<T>> to) {
        require(to.size() == from.rows * from.columns, "download: ", from.rows, " x ", from.columns,
                " numbers do not fit ", to.size());
        copy_rows<std::remove_const_t<T>>(host(from), {to.data(), from.rows, from.columns});
    }
    template <class T> static void fill(view<T> x, std::type_identity_t<T> value) { fill_rows(host(x), value); }
    template <class T> static void copy(given<T> from, view<T> to) { copy_rows(host(from), host(to)); }
    template <class T> static void add(given<T> from, view<T> to, double factor = 1) {
        add_rows(host(from), host(to), static_cast<T>(factor));
    }

    template <class T>
    static void embed(std::span<const token_id> ids, const weight_matrix<processor_backend, T>& table, double scale,
                      view<T> x) {
        embed_rows(ids, host(table), scale, host(x));
    }
    template <class T>
    static void embed_backward(std::span<const token_id> ids, given<T> dx, double scale, view<T> d_table) {
        if (!d_table.absent()) add_to_rows(host(dx), ids, static_cast<T>(scale), host(d_table));
    }
    template <class T> static void add_positions(std::span<const std::uint32_t> positions, given<T> table, view<T> x) {
        add_position_rows(positions, host(table), host(x));
    }
    template <class T>
    static void add_positions_backward(std::span<const std::uint32_t> positions, given<T> dx, view<T> d_table) {
        if (!d_table.absent()) add_to_rows(host(dx), positions, T(1), host(d_table));
    }
    template <class T> static void gather_rows(given<T> x, std::span<const std::size_t> rows, view<T> y) {
        preflearn::gather_rows(host(x), rows, host(y));
    }
    template <class T> static void scatter_rows(given<T> x, std::span<const std::size_t> rows, view<T> y) {
        preflearn::scatter_rows(host(x), rows, host(y));
    }
    template <class T> static void gather_rows_backward(given<T> dy, std::span<const std::size_t> rows, view<T> dx) {
        if (!dx.absent()) add_to_rows(host(dy), rows, T(1), host(dx));
    }

    template <class T>
    static void normalise(given<T> x, const norm_operands<processor_backend, T>& norm, view<T> y,
                          wanted<T> statistics) {
        normalise_rows(host(x), host(norm), host(y), host(statistics));
    }
    template <class T>
    static void normalise_backward(given<T> x, const norm_operands<processor_backend, T>& norm, given<T> statistics,
                                   given<T> dy, view<T> dx, store mode,
                                   const parameter_gradients<processor_backend, T>& into) {
        normalise_rows_backward(host(x), host(norm), host(statistics), host(dy), host(dx), mode, host(into));
    }

    template <class T>
        requires(Products::template supports<T>)
    static void linear(given<T> x, const affine_map<processor_backend, T>& weights, view<T> y, store mode) {
        linear_rows<T, Products>(host(x), host(weights), host(y), mode);
    }
    template <class T>
    static void linear_backward(given<T> x, const affine_map<processor_backend, T>& weights, given<T> dy, view<T> dx,
                                store mode, const parameter_gradients<processor_backend, T>& into) {
        linear_rows_backward<T, Products>(host(x), host(weights), host(dy), host(dx), mode, host(into));
    }

    template <class T> static void rotate(const rotation<T>& turns, std::size_t heads, view<T> x) {
        turns.turn(host(x), heads, false);
    }
    template <class T> static void rotate_backward(const rotation<T>& turns, std::size_t heads, view<T> dx) {
        turns.turn(host(dx), heads, true);
    }

    template <class T>
    static void attend(attention<T>& plan, given<T> queries, given<T> keys_values, view<T> mixed,
                       wanted<T> normaliser) {
        plan.forward(host(queries), host(keys_values), host(mixed), host(normaliser));
    }
    template <class T>
    static void attend_backward(attention<T>& plan, given<T> queries, given<T> keys_values, given<T> mixed,
                                given<T> normaliser, given<T> d_mixed, view<T> d_queries, wanted<T> d_keys_values) {
        plan.backward(host(queries), host(keys_values), host(mixed), host(normaliser), host(d_mixed), host(d_queries),
                      host(d_keys_values));
    }

    template <class T> static void activate(given<T> x, mlp_kind mlp, activation_kind kind, view<T> y) {
        activate_rows(host(x), mlp, kind, host(y));
    }
    template <class T>
    static void activate_backward(given<T> x, mlp_kind mlp, activation_kind kind, given<T> dy, view<T> y,
                                  wanted<T> dx) {
        activate_rows_backward(host(x), mlp, kind, host(dy), host(y), host(dx));
    }

    template <class T>
    static void log_probs(given<T> hidden, const weight_matrix<processor_backend, T>& head,
                          const logit_transform<T>& transform, std::span<const token_id> targets,
                          std::span<const std::size_t> sources, const vocabulary_scores& scores) {
        with_head(head, [&](const auto& weights) {
            (void)linear_scores<T>(hidden, weights, transform, targets, sources).forward_unchecked(scores);
        });
    }
    template <class T>
    static void log_probs_backward(given<T> hidden, const weight_matrix<processor_backend, T>& head,
                                   const logit_transform<T>& transform, std::span<const token_id> targets,
                                   std::span<const std::size_t> sources, std::span<const double> normalisers,
                                   std::span<const double> derivatives, wanted<T> d_hidden, wanted<T> d_head) {
        with_head(head, [&](const auto& weights) {
            linear_scores<T>(hidden, weights, transform, targets, sources)
                .backward(normalisers, derivatives, {.hidden = host(d_hidden), .head = host(d_head)});
        });
    }
    template <class T>
    static void kl_from_reference(given<T> reference_hidden, const weight_matrix<processor_backend, T>& reference_head,
                                  const logit_transform<T>& reference_transform, given<T> hidden,
                                  const weight_matrix<processor_backend, T>& head, const logit_transform<T>& transform,
                                  std::span<double> divergences, std::span<const double> weights, wanted<T> d_hidden,
                                  wanted<T> d_head) {
        with_head(reference_head, [&]<class ReferenceHead>(const ReferenceHead& of_reference) {
            with_head(head, [&]<class Head>(const Head& of_policy) {
                linear_kl_from_reference<processor_backend>(
                    linear_model<T, ReferenceHead>{host(reference_hidden), of_reference, reference_transform},
                    linear_model<T, Head>{host(hidden), of_policy, transform}, divergences, weights,
                    linear_gradients<T>{.hidden = host(d_hidden), .head = host(d_head)});
            });
        });
    }

    /// log Σ_v π(v)^{1+λ} π_ref(v)^{−λ} of each row's next token (see extrapolation.hpp). Not part of the concept: what
    /// needs it asks whether a backend has it.
    template <class T>
    static void extrapolation(given<T> reference_hidden, const weight_matrix<processor_backend, T>& reference_head,
                              const logit_transform<T>& reference_transform, given<T> hidden,
                              const weight_matrix<processor_backend, T>& head, const logit_transform<T>& transform,
                              double lambda, std::span<double> of_rows) {
        with_head(reference_head, [&]<class ReferenceHead>(const ReferenceHead& of_reference) {
            with_head(head, [&]<class Head>(const Head& of_policy) {
                linear_extrapolation<processor_backend>(
                    linear_model<T, ReferenceHead>{host(reference_hidden), of_reference, reference_transform},
                    linear_model<T, Head>{host(hidden), of_policy, transform}, lambda, of_rows);
            });
        });
    }

  private:
    /// Calls use(head) with the matrix, or the stored one, that a head consists of.
    template <class T, class Use>
    static void with_head(const weight_matrix<processor_backend, T>& head, const Use& use) {
        static_assert(
            !(requires { Products::decodes_only; }),
            "this backend rounds activations to 8 bits: it decodes, but neither scores nor learns; a model on "
            "cpu_backend does");
        if (head.stored.empty()) return use(host(head.trained));
        require(head.stored.size() == 1, "a stored head is one matrix, found ", head.stored.size(), " parts");
        use(head.stored.front());
    }
    template <class T, class Head>
    static auto linear_scores(view<const T> hidden, const Head& head, const logit_transform<T>& transform,
                              std::span<const token_id> targets, std::span<const std::size_t> sources) {
        return linear_log_probs<T, processor_backend, Head>(host(hidden), head, targets, sources, transform);
    }
};

using cpu_backend = processor_backend<chained_products>;

static_assert(Backend<cpu_backend, float> && Backend<cpu_backend, double>);
static_assert(LearningBackend<cpu_backend, float> && LearningBackend<cpu_backend, double>);

} // namespace preflearn
