/// \file
/// What a kept run must agree with to go on: the objective, the data, the loss, the optimiser, the options, as named
/// texts in a fixed order, so that a refusal can say in words what differs.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// Named texts in a fixed order. `add` of objectives, losses and models: every name once.
class run_description {
  public:
    template <class T> void add(std::string name, const T& value) {
        fields_.emplace_back(std::move(name), message(value));
    }
    [[nodiscard]] std::span<const std::pair<std::string, std::string>> fields() const { return fields_; }

  private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

/// Adds what a model says of itself beside its parameters, by a const member `describe(run)`; many have none.
template <class Model> void describe_model(const Model& model, run_description& run) {
    if constexpr (requires { model.describe(run); }) model.describe(run);
}

/// Everything in which a run that was kept differs from `here`, as "seed: 12 there, 13 here; …"; empty: nothing.
/// `there(name)` is the kept text of a field.
template <class There> std::string differences(const run_description& here, const There& there) {
    std::string text;
    for (const auto& [name, value] : here.fields()) {
        const std::string kept = there(name);
        if (kept != value) text += message(text.empty() ? "" : "; ", name, ": ", kept, " there, ", value, " here");
    }
    return text;
}

} // namespace preflearn
