/// \file
/// The global norm of a gradient and the factor that clips it (Pascanu et al. 2013, arXiv:1211.5063): g · min(1, c /
/// ‖g‖). Squares are summed in double over blocks that depend on the length alone, so the norm has the same bits for
/// any number of threads. The factor is applied inside the optimiser's pass.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>

#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>

namespace preflearn {

namespace detail {

/// Σ (scale · x)², in eight lanes.
template <std::floating_point Scalar> double sum_of_squares(std::span<const Scalar> values, double scale) {
    constexpr std::size_t width = 8;
    std::array<double, width> sums{};
    const std::size_t whole = values.size() / width * width;
    const auto square = [&](std::size_t i) {
        const double x = scale * static_cast<double>(values[i]);
        return x * x;
    };
    for (std::size_t i = 0; i < whole; i += width) {
        for (std::size_t lane = 0; lane < width; ++lane) sums[lane] += square(i + lane);
    }
    for (std::size_t i = whole; i < values.size(); ++i) sums[i - whole] += square(i);
    return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

template <std::floating_point Scalar> double parallel_sum_of_squares(std::span<const Scalar> values, double scale) {
    constexpr std::size_t most = 256, smallest = std::size_t{1} << 16;
    const std::size_t grain = std::max(smallest, (values.size() + most - 1) / most);
    std::array<double, most> blocks{};
    parallel_blocks(values.size(), grain, [&](std::size_t begin, std::size_t end) {
        blocks[begin / grain] = sum_of_squares(values.subspan(begin, end - begin), scale);
    });
    double sum = 0;
    for (const double block : blocks) sum += block;
    return sum;
}

} // namespace detail

/// ‖gradients‖₂, for every finite gradient whose norm fits in double.
/// \throws numeric_error naming the first entry that is infinite or NaN.
template <std::floating_point Scalar> double global_norm(std::span<const Scalar> gradients) {
    const double sum = detail::parallel_sum_of_squares(gradients, 1);
    if (std::isfinite(sum) && sum >= std::numeric_limits<double>::min()) return std::sqrt(sum);
    // Squares left the normal range, or the gradient is zero: once more on numbers near 1.
    double largest = 0;
    for (std::size_t i = 0; i < gradients.size(); ++i) {
        require<numeric_error>(std::isfinite(gradients[i]), "the gradient of parameter ", i, " is ", gradients[i]);
        largest = std::max(largest, std::abs(static_cast<double>(gradients[i])));
    }
    if (largest == 0) return 0;
    const double exponent = std::ldexp(1.0, std::clamp(std::ilogb(largest), -1000, 1000));
    return exponent * std::sqrt(detail::parallel_sum_of_squares(gradients, 1 / exponent));
}

/// What the gradient is multiplied with so that its norm is at most `limit`; a limit of 0 does not clip.
inline double clip_factor(double norm, double limit) { return limit > 0 && norm > limit ? limit / norm : 1; }

} // namespace preflearn
