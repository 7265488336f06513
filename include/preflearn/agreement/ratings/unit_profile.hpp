/// \file
/// The ratings of one unit as (category, how many), by rising category: all that a coefficient without raters' own
/// distributions sees of a unit.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/agreement/ratings/ratings.hpp>

namespace preflearn::detail {

/// Is filled for one unit after the other, so that memory is taken once.
class unit_profile {
  public:
    void assign(std::span<const given_rating> unit) {
        sorted_.clear();
        for (const given_rating& given : unit) sorted_.push_back(given.value);
        std::ranges::sort(sorted_);
        counts_.clear();
        for (const category k : sorted_) {
            if (counts_.empty() || counts_.back().first != k) counts_.push_back({k, 0});
            ++counts_.back().second;
        }
    }
    [[nodiscard]] double ratings() const { return static_cast<double>(sorted_.size()); }
    [[nodiscard]] std::span<const std::pair<category, double>> counts() const { return counts_; }

  private:
    std::vector<category> sorted_;
    std::vector<std::pair<category, double>> counts_;
};

} // namespace preflearn::detail
