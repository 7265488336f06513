/// \file
/// Names as numbers.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace preflearn {

/// Numbers names in the order of their first appearance.
class name_index {
  public:
    std::uint32_t operator()(const std::string& name) {
        const auto [at, added] = numbers_.try_emplace(name, static_cast<std::uint32_t>(names.size()));
        if (added) names.push_back(name);
        return at->second;
    }
    std::vector<std::string> names;

  private:
    std::unordered_map<std::string, std::uint32_t> numbers_;
};

} // namespace preflearn
