/// \file
/// What a training run is, as named texts: what its checkpoint must agree with.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// What a checkpoint must agree with, as named texts in a fixed order.
class run_description {
  public:
    template <class T> void add(std::string name, const T& value) {
        fields_.emplace_back(std::move(name), message(value));
    }
    [[nodiscard]] std::span<const std::pair<std::string, std::string>> fields() const { return fields_; }

  private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

} // namespace preflearn
