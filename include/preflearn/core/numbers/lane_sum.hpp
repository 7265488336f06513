/// \file
/// Sums over many numbers that become vector code, in an order that their number alone fixes.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>

namespace preflearn {

/// A sum in lanes: the order of its terms is fixed, and loops that add to it become vector code. Several sums in one
/// loop would not fit into the registers.
template <class Sum> class lane_sum {
  public:
    /// Adds term(i) for i in [0, size).
    template <class Term> void add(std::size_t size, const Term& term) {
        alignas(64) std::array<Sum, lanes> sums = sums_; // in registers
        const std::size_t whole = size / lanes * lanes;
        for (std::size_t i = 0; i < whole; i += lanes) {
            for (std::size_t lane = 0; lane < lanes; ++lane) sums[lane] += term(i + lane);
        }
        for (std::size_t i = whole; i < size; ++i) sums[i - whole] += term(i);
        sums_ = sums;
    }
    [[nodiscard]] Sum total() const {
        std::array<Sum, lanes> sums = sums_;
        for (std::size_t half = lanes / 2; half > 0; half /= 2) {
            for (std::size_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
        }
        return sums[0];
    }

  private:
    static constexpr std::size_t lanes = 16;
    alignas(64) std::array<Sum, lanes> sums_{};
};

} // namespace preflearn
