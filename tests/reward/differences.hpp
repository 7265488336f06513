/// \file
/// The gradient of anything that learns against central differences of its rewards.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/core/many.hpp>
#include <preflearn/core/numbers/random.hpp>

#include "../finite_differences.hpp"

namespace test {

inline std::vector<double> normal_numbers(std::size_t count, std::uint64_t stream) {
    preflearn::generator random(29, "normals", stream);
    std::vector<double> values(count);
    for (double& value : values) value = random.normal();
    return values;
}

/// For Σ d_i r_i with random d: the largest error over every parameter, relative to the largest entry. The gradients
/// hold something beforehand, to which backward must add.
template <class Model, class Completion>
double gradient_error(Model& model, std::span<const Completion> batch, double step = 1e-5) {
    const std::vector<double> d = normal_numbers(batch.size(), 1);
    const auto value = [&] {
        const std::vector<double> r = preflearn::rewards(std::as_const(model), batch);
        double sum = 0;
        for (std::size_t i = 0; i < r.size(); ++i) sum += d[i] * r[i];
        return sum;
    };
    const auto gradients = model.gradients();
    std::ranges::fill(gradients, 0.5);
    model.backward(std::as_const(model).forward(batch), d);
    std::vector<double> added(gradients.begin(), gradients.end());
    for (double& gradient : added) gradient -= 0.5;
    return gradient_error(std::span<double>(model.parameters()), added, value, 1, step);
}

/// Pairs of feature vectors, as comparisons that view them.
struct feature_pairs {
    std::vector<std::vector<double>> first, second;
    std::vector<preflearn::comparison<preflearn::no_prompt, std::span<const double>>> comparisons;

    feature_pairs(std::size_t pairs, std::size_t features) {
        for (std::size_t i = 0; i < pairs; ++i) {
            first.push_back(normal_numbers(features, 2 * i + 100));
            second.push_back(normal_numbers(features, 2 * i + 101));
        }
        for (std::size_t i = 0; i < pairs; ++i) comparisons.push_back({i, {}, first[i], second[i]});
    }
    feature_pairs(const feature_pairs&) = delete;
    feature_pairs& operator=(const feature_pairs&) = delete;
    [[nodiscard]] auto completions() const { return preflearn::completions_of(std::span(comparisons)); }
};

using feature_comparison = preflearn::comparison<preflearn::no_prompt, std::span<const double>>;
using feature_completion = preflearn::completion_of<feature_comparison>;

} // namespace test
