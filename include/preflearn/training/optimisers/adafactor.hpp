/// \file
/// Adafactor (Shazeer & Stern 2018, arXiv:1804.04235, algorithms 4 and 5): the second moment of a matrix is kept as
/// the means of its rows and columns, r + c numbers instead of rc. U = G / √V̂, V̂ = R Cᵀ / mean(R), R and C being means
/// of G² + ε₁ with decay β̂₂(t) = 1 − t^(−0.8); an update whose root mean square is over d is scaled to d; the step is η
/// times the root mean square of the parameters, at least ε₂. As transformers computes it, with a given rate.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/core/system/parallel.hpp>
#include <preflearn/training/optimisers/optimiser.hpp>
#include <preflearn/training/optimisers/state.hpp>

namespace preflearn {

/// Where a row-major matrix lies in the flat vector of parameters; one of a single row or column is a vector.
struct flat_matrix {
    std::size_t begin = 0, rows = 0, columns = 0;

    [[nodiscard]] std::size_t size() const { return rows * columns; }
    friend bool operator==(const flat_matrix&, const flat_matrix&) = default;
};

/// What Adafactor remembers between steps of a range of parameters.
template <std::floating_point Scalar> struct adafactor_memory {
    /// The tensors that the range is made of, one after the other.
    std::vector<flat_matrix> tensors;
    /// Tensor after tensor: means of rows, then of columns; of a vector, a moment for every number.
    std::vector<Scalar> second;
    std::uint64_t steps = 0;

    [[nodiscard]] std::vector<named_state> state() {
        return {{"second_moment", std::span(second)}, {"steps", std::span(&steps, 1)}};
    }
};

struct adafactor {
    /// The learning rate η at the top of the schedule, ≥ 0: a share of the parameters' size where `relative` is set.
    double rate = 1e-2;
    /// Whether the step is η times the root mean square of a tensor's parameters, or at least of `least_size` (ε₂).
    bool relative = true;
    double least_size = 1e-3;
    /// The root mean square to which a larger update of a tensor is scaled, d.
    double threshold = 1;
    /// β̂₂(t) = 1 − t^(−power).
    double power = 0.8;
    /// ε₁, added to squares.
    double epsilon = 1e-30;
    /// λ, decoupled: the parameters shrink by λ times the step.
    double weight_decay = 0;
    /// The matrices of the model, in their order; what lies between them are vectors. Empty: one vector, whose second
    /// moment is kept in full.
    std::vector<flat_matrix> matrices{};

    static constexpr std::string_view name = "adafactor";

    /// \throws argument_error naming the number that is out of its range, or the matrix that overlaps the one before.
    void check() const {
        require_not_negative(name, "rate", rate);
        require_not_negative(name, "least_size", least_size);
        require_number(threshold > 0 && std::isfinite(threshold), name, "threshold", threshold, "a positive number");
        require_number(power > 0 && power <= 1, name, "power", power, "a number in (0, 1]");
        require_number(epsilon > 0 && std::isfinite(epsilon), name, "epsilon", epsilon, "a positive number");
        require_not_negative(name, "weight_decay", weight_decay);
        for (std::size_t i = 1; i < matrices.size(); ++i)
            require(matrices[i].begin >= matrices[i - 1].begin + matrices[i - 1].size(), name, ": matrix ", i,
                    " begins at ", matrices[i].begin, ", within the one before or ahead of it");
    }
    template <class Add> void describe(Add&& add) const {
        add("rate", rate);
        add("relative", relative);
        add("least_size", least_size);
        add("threshold", threshold);
        add("power", power);
        add("epsilon", epsilon);
        add("weight_decay", weight_decay);
        std::string text;
        for (const flat_matrix& m : matrices)
            text += message(text.empty() ? "" : " ", m.begin, ":", m.rows, "x", m.columns);
        add("matrices", text.empty() ? std::string("none") : text);
    }

    /// \throws argument_error naming the matrix of which the range holds a part.
    template <std::floating_point Scalar> [[nodiscard]] adafactor_memory<Scalar> start(flat_range range) const {
        adafactor_memory<Scalar> memory;
        std::size_t at = range.begin, numbers = 0;
        const auto add = [&](flat_matrix tensor) {
            if (tensor.size() == 0) return;
            memory.tensors.push_back({tensor.begin - range.begin, tensor.rows, tensor.columns});
            numbers += is_vector(tensor) ? tensor.size() : tensor.rows + tensor.columns;
        };
        for (const flat_matrix& m : matrices) {
            if (m.begin + m.size() <= range.begin || m.begin >= range.end) continue;
            require(m.begin >= range.begin && m.begin + m.size() <= range.end, name, ": the matrix at ", m.begin,
                    " of ", m.rows, " x ", m.columns, " lies partly in the range from ", range.begin, " to ", range.end,
                    " (groups of parameters take matrices whole)");
            add({at, 1, m.begin - at});
            add(m);
            at = m.begin + m.size();
        }
        add({at, 1, range.end - at});
        memory.second.resize(numbers);
        return memory;
    }

    /// One step with learning rate `step_rate` on `factor` · gradients, which are zero afterwards. Sums are taken in
    /// double and in one order. \throws argument_error when the arrays do not fit the memory.
    template <std::floating_point Scalar>
    void update(adafactor_memory<Scalar>& memory, std::span<Scalar> parameters, std::span<Scalar> gradients,
                double step_rate, double factor = 1) const {
        const std::size_t size =
            memory.tensors.empty() ? 0 : memory.tensors.back().begin + memory.tensors.back().size();
        require_fitting(name, parameters.size(), gradients.size(), size);
        const double fresh = std::pow(static_cast<double>(++memory.steps), -power);
        std::span<Scalar> second(memory.second);
        for (const flat_matrix& tensor : memory.tensors) {
            const std::span<Scalar> p = parameters.subspan(tensor.begin, tensor.size()),
                                    g = gradients.subspan(tensor.begin, tensor.size());
            for_blocks(g.size(), [&](std::size_t i) { g[i] = static_cast<Scalar>(factor) * g[i]; });
            if (is_vector(tensor)) {
                by_numbers(second.first(g.size()), g, fresh);
                second = second.subspan(g.size());
            } else {
                by_rows_and_columns(second.first(tensor.rows), second.subspan(tensor.rows, tensor.columns), g, fresh);
                second = second.subspan(tensor.rows + tensor.columns);
            }
            const double step = step_rate * (relative ? std::max(least_size, root_mean_square<Scalar>(p)) : 1);
            const auto scale = static_cast<Scalar>(step / std::max(1.0, root_mean_square<Scalar>(g) / threshold));
            const auto keep = static_cast<Scalar>(1 - weight_decay * step);
            for_blocks(g.size(), [&](std::size_t i) {
                p[i] = keep * p[i] - scale * g[i];
                g[i] = 0;
            });
        }
    }

  private:
    static constexpr std::size_t grain = std::size_t{1} << 16;

    static bool is_vector(const flat_matrix& tensor) { return tensor.rows == 1 || tensor.columns == 1; }

    template <class Task> static void for_blocks(std::size_t count, const Task& task) {
        parallel_blocks(count, grain, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) task(i);
        });
    }

    template <class Scalar> static double root_mean_square(std::span<const Scalar> values) {
        std::vector<double> sums((values.size() + grain - 1) / grain);
        parallel_blocks(values.size(), grain, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i)
                sums[begin / grain] += static_cast<double>(values[i]) * static_cast<double>(values[i]);
        });
        return std::sqrt(std::accumulate(sums.begin(), sums.end(), 0.0) / static_cast<double>(values.size()));
    }

    template <class Scalar> [[nodiscard]] double square(Scalar gradient) const {
        return static_cast<double>(gradient) * static_cast<double>(gradient) + epsilon;
    }
    /// Moves a mean by the share `fresh` towards a value.
    template <class Scalar> static void move(Scalar& mean, double value, double fresh) {
        mean = static_cast<Scalar>((1 - fresh) * static_cast<double>(mean) + fresh * value);
    }

    /// The gradients of a vector become its updates.
    template <class Scalar> void by_numbers(std::span<Scalar> second, std::span<Scalar> g, double fresh) const {
        for_blocks(g.size(), [&](std::size_t i) {
            move(second[i], square(g[i]), fresh);
            g[i] = static_cast<Scalar>(static_cast<double>(g[i]) / std::sqrt(static_cast<double>(second[i])));
        });
    }

    /// The gradients of a matrix become its updates.
    template <class Scalar>
    void by_rows_and_columns(std::span<Scalar> row_means, std::span<Scalar> column_means, std::span<Scalar> g,
                             double fresh) const {
        const std::size_t rows = row_means.size(), columns = column_means.size();
        parallel_blocks(rows, std::max<std::size_t>(1, grain / columns), [&](std::size_t begin, std::size_t end) {
            for (std::size_t r = begin; r < end; ++r) {
                double sum = 0;
                for (std::size_t c = 0; c < columns; ++c) sum += square(g[r * columns + c]);
                move(row_means[r], sum / static_cast<double>(columns), fresh);
            }
        });
        constexpr std::size_t together = 64; // columns of a task, so that rows are read in whole cache lines
        parallel_blocks(columns, together, [&](std::size_t begin, std::size_t end) {
            std::vector<double> sums(end - begin);
            for (std::size_t r = 0; r < rows; ++r)
                for (std::size_t c = begin; c < end; ++c) sums[c - begin] += square(g[r * columns + c]);
            for (std::size_t c = begin; c < end; ++c)
                move(column_means[c], sums[c - begin] / static_cast<double>(rows), fresh);
        });
        double mean = 0;
        for (const Scalar m : row_means) mean += static_cast<double>(m) / static_cast<double>(rows);
        std::vector<double> of_column(columns);
        for (std::size_t c = 0; c < columns; ++c) of_column[c] = 1 / std::sqrt(static_cast<double>(column_means[c]));
        parallel_blocks(rows, std::max<std::size_t>(1, grain / columns), [&](std::size_t begin, std::size_t end) {
            for (std::size_t r = begin; r < end; ++r) {
                const double of_row = std::sqrt(mean / static_cast<double>(row_means[r]));
                for (std::size_t c = 0; c < columns; ++c) {
                    Scalar& gradient = g[r * columns + c];
                    gradient = static_cast<Scalar>(static_cast<double>(gradient) * of_row * of_column[c]);
                }
            }
        });
    }
};

} // namespace preflearn
