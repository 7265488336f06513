/// \file
/// Numbers in one byte each, as 8-bit optimisers remember them (Dettmers et al. 2022, arXiv:2110.02861): a block of 256
/// is divided by its largest magnitude, and each is replaced by the nearest of 256 code values. The code is the paper's
/// dynamic tree: seven decades below 1, the upper one with the most steps, so that the relative error is nearly the
/// same over six orders of magnitude; with a sign for first moments, without one and twice as fine for second ones.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace preflearn {

/// The 256 values of a code in ascending order, and for any number of [-1, 1] the nearest.
class dynamic_code {
  public:
    /// So many numbers share a scale.
    static constexpr std::size_t block = 256;

    explicit dynamic_code(bool with_sign) : values_(values_of(with_sign)), nearest_(std::size_t{1} << 16) {
        for (std::size_t c = 0; c < 255; ++c) middles_[c] = (values_[c] + values_[c + 1]) / 2;
        middles_[255] = 2; // beyond all
        // A float's upper half names an interval that holds at most one middle: the code at its lower end, or the next.
        for (std::uint32_t upper = 0; upper < nearest_.size(); ++upper) {
            const bool negative = upper >> 15 != 0;
            const float near_zero = std::bit_cast<float>(upper << 16), far = std::bit_cast<float>(upper << 16 | 0xFFFF);
            nearest_[upper] = std::isnan(near_zero) ? 0 : searched(negative ? far : near_zero);
        }
    }
    static const dynamic_code& with_sign() {
        static const dynamic_code code(true);
        return code;
    }
    static const dynamic_code& without_sign() {
        static const dynamic_code code(false);
        return code;
    }

    [[nodiscard]] float value(std::uint8_t code) const { return values_[code]; }
    [[nodiscard]] std::span<const float, 256> values() const { return values_; }
    /// Of two equally near values the lower. \param x in [-1, 1]
    [[nodiscard]] std::uint8_t nearest(float x) const {
        const std::uint8_t code = nearest_[std::bit_cast<std::uint32_t>(x) >> 16];
        return static_cast<std::uint8_t>(code + (x > middles_[code] ? 1 : 0));
    }
    /// Writes a block's codes; returns its scale, by which the codes' values are multiplied: its largest magnitude.
    /// Without a sign, what is above zero never becomes zero: a second moment of zero would divide by next to nothing.
    template <class Scalar> float encode(std::span<const Scalar> numbers, std::uint8_t* codes) const {
        Scalar largest = 0;
        for (const Scalar x : numbers) largest = std::max(largest, std::abs(x));
        const auto scale = static_cast<float>(std::min<Scalar>(largest, std::numeric_limits<float>::max()));
        const float inverse = scale >= smallest_scale ? 1 / scale : 0;
        const float least = values_[0] == 0 ? values_[1] : 0;
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            const float x = std::clamp(static_cast<float>(numbers[i]) * inverse, -1.0F, 1.0F);
            codes[i] = nearest(numbers[i] > 0 ? std::max(x, least) : x);
        }
        return scale;
    }

  private:
    /// Below, 1 / scale is infinite, and all numbers are 0 for an optimiser.
    static constexpr float smallest_scale = 1e-37F;

    static std::array<float, 256> values_of(bool with_sign) {
        std::array<float, 256> values{};
        std::size_t next = 2; // 0 is one, 1 the other
        values[1] = 1;
        double decade = 1e-6;
        for (int i = 0; i < 7; ++i, decade *= 10) {
            const int steps = with_sign ? 1 << i : 2 << i;
            for (int s = 0; s < steps; ++s) { // the middles of equal steps from a tenth to one
                const double middle = decade * (0.1 + 0.9 * (s + 0.5) / steps);
                values[next++] = static_cast<float>(middle);
                if (with_sign) values[next++] = static_cast<float>(-middle);
            }
        }
        std::ranges::sort(values);
        return values;
    }
    [[nodiscard]] std::uint8_t searched(float x) const {
        return static_cast<std::uint8_t>(std::ranges::lower_bound(middles_.begin(), middles_.begin() + 255, x) -
                                         middles_.begin());
    }

    std::array<float, 256> values_, middles_{};
    std::vector<std::uint8_t> nearest_;
};

} // namespace preflearn
