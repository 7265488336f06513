/// \file
/// A ScoringBackend that is no LearningBackend: it computes as the processor does, but its views are handles of another
/// type, whose elements nobody else can reach, and it has no backward pass. A transformer that compiles on it
/// dereferences nothing. Its arrays may be made too small for a batch.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <preflearn/backend/array_view.hpp>
#include <preflearn/backend/concepts.hpp>
#include <preflearn/backend/cpu.hpp>
#include <preflearn/core/system/error.hpp>

namespace test {

struct opaque_backend {
    static constexpr std::string_view name = "opaque";
    using cpu = preflearn::cpu_backend;
    struct memory_error : preflearn::error {
        using error::error;
    };
    /// Of an array; more are a memory_error.
    inline static std::size_t most_rows = std::numeric_limits<std::size_t>::max();

    template <class T> class view {
      public:
        std::size_t rows = 0, columns = 0;

        view() = default;
        template <class U>
            requires std::same_as<T, const U> view(const view<U>& other) : view(cpu::view<T>(other.inner_)) {}
            [[nodiscard]] bool absent() const { return inner_.absent(); }
            [[nodiscard]] view row_block(std::size_t begin, std::size_t count) const {
                return view(inner_.row_block(begin, count));
            }
            [[nodiscard]] view column_block(std::size_t begin, std::size_t count) const {
                return view(inner_.column_block(begin, count));
            }
            [[nodiscard]] view part(std::size_t offset, std::size_t row_count, std::size_t column_count) const {
                return view(inner_.part(offset, row_count, column_count));
            }

          private:
            friend opaque_backend;
            template <class> friend class view;
            explicit view(cpu::view<T> inner) : rows(inner.rows), columns(inner.columns), inner_(inner) {}
            cpu::view<T> inner_;
    };
    template <class T> class array {
      public:
        array() = default;
        array(std::size_t rows, std::size_t columns) : values_(rows, columns) {
            preflearn::require<memory_error>(rows <= most_rows, rows, " rows");
        }
        [[nodiscard]] opaque_backend::view<T> view() { return opaque_backend::view<T>(values_.view()); }
        [[nodiscard]] opaque_backend::view<const T> view() const {
            return opaque_backend::view<const T>(values_.view());
        }

      private:
        cpu::array<T> values_;
    };
    template <class T> using rotation = cpu::rotation<T>;
    template <class T> using attention = cpu::attention<T>;
    /// A frozen matrix on the device.
    struct stored {
        std::size_t rows, columns;

      private:
        friend opaque_backend;
        explicit stored(preflearn::stored_matrix m)
            : rows(m.rows), columns(m.columns), matrix(cpu::hold(std::move(m))) {}
        cpu::stored matrix;
    };
    /// A view of constant elements, which a view of mutable ones becomes.
    template <class T> using given = std::type_identity_t<view<const T>>;
    template <class T> using wanted = std::type_identity_t<view<T>>;

    static stored hold(preflearn::stored_matrix matrix) { return stored(std::move(matrix)); }

    template <class T> static void upload(std::span<const std::type_identity_t<T>> from, view<T> to) {
        cpu::upload<T>(from, to.inner_);
    }
    template <class T> static void download(view<T> from, std::span<std::remove_const_t<T>> to) {
        cpu::download<T>(from.inner_, to);
    }
    template <class T> static void fill(view<T> x, std::type_identity_t<T> value) { cpu::fill(x.inner_, value); }
    template <class T> static void copy(given<T> from, view<T> to) { cpu::copy(from.inner_, to.inner_); }
    template <class T> static void add(given<T> from, view<T> to, double factor = 1) {
        cpu::add(from.inner_, to.inner_, factor);
    }

    template <class T>
    static void embed(std::span<const preflearn::token_id> ids,
                      const preflearn::weight_matrix<opaque_backend, T>& table, double scale, view<T> x) {
        const known<T> of(table);
        cpu::embed(ids, of.matrix, scale, x.inner_);
    }
    template <class T> static void add_positions(std::span<const std::uint32_t> positions, given<T> table, view<T> x) {
        cpu::add_positions(positions, table.inner_, x.inner_);
    }
    template <class T> static void gather_rows(given<T> x, std::span<const std::size_t> rows, view<T> y) {
        cpu::gather_rows(x.inner_, rows, y.inner_);
    }
    template <class T> static void scatter_rows(given<T> x, std::span<const std::size_t> rows, view<T> y) {
        cpu::scatter_rows(x.inner_, rows, y.inner_);
    }
    template <class T>
    static void normalise(given<T> x, const preflearn::norm_operands<opaque_backend, T>& norm, view<T> y,
                          wanted<T> statistics) {
        cpu::normalise<T>(x.inner_, {norm.kind, norm.epsilon, norm.heads, norm.weight.inner_, norm.bias.inner_},
                          y.inner_, statistics.inner_);
    }
    template <class T>
    static void linear(given<T> x, const preflearn::affine_map<opaque_backend, T>& weights, view<T> y,
                       preflearn::store mode) {
        const known<T> of(weights.matrix);
        preflearn::affine_map<cpu, T> map{of.matrix, weights.bias.inner_};
        map.adapter.down = weights.adapter.down.inner_;
        map.adapter.dropout = weights.adapter.dropout;
        for (std::size_t p = 0; p < preflearn::most_adapted_parts; ++p)
            map.adapter.parts[p] = {weights.adapter.parts[p].first, weights.adapter.parts[p].up.inner_,
                                    weights.adapter.parts[p].scale};
        cpu::linear<T>(x.inner_, map, y.inner_, mode);
    }
    template <class T> static void rotate(const rotation<T>& turns, std::size_t heads, view<T> x) {
        cpu::rotate(turns, heads, x.inner_);
    }
    template <class T>
    static void attend(attention<T>& plan, given<T> queries, given<T> keys_values, view<T> mixed,
                       wanted<T> normaliser) {
        cpu::attend(plan, queries.inner_, keys_values.inner_, mixed.inner_, normaliser.inner_);
    }
    template <class T>
    static void activate(given<T> x, preflearn::mlp_kind mlp, preflearn::activation_kind kind, view<T> y) {
        cpu::activate(x.inner_, mlp, kind, y.inner_);
    }
    template <class T>
    static void log_probs(given<T> hidden, const preflearn::weight_matrix<opaque_backend, T>& head,
                          const preflearn::logit_transform<T>& transform, std::span<const preflearn::token_id> targets,
                          std::span<const std::size_t> sources, const preflearn::vocabulary_scores& scores) {
        const known<T> of(head);
        cpu::log_probs<T>(hidden.inner_, of.matrix, transform, targets, sources, scores);
    }

  private:
    /// The processor's form of a weight, while it lives.
    template <class T> struct known {
        explicit known(const preflearn::weight_matrix<opaque_backend, T>& weights) {
            for (const stored& part : weights.stored) parts.push_back(part.matrix);
            matrix = {weights.trained.inner_, parts};
        }
        known(const known&) = delete;
        known& operator=(const known&) = delete;
        std::vector<cpu::stored> parts;
        preflearn::weight_matrix<cpu, T> matrix;
    };
};

static_assert(preflearn::ScoringBackend<opaque_backend, float> && !preflearn::LearningBackend<opaque_backend, float>);

} // namespace test
