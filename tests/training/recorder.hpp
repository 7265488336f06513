/// \file
/// An objective that only writes down what the loop asks of it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/run_description.hpp>

#include "toys.hpp"

/// Its gradient is `slope` for every parameter.
struct recorder {
    std::vector<std::vector<std::size_t>> batches;
    std::vector<std::size_t> micro;
    std::vector<double> totals;
    double loss = 1, slope = 1;
    std::size_t examples = 10;

    [[nodiscard]] std::size_t size() const { return examples; }
    [[nodiscard]] double weight(std::size_t i) const { return static_cast<double>(i); }
    void begin(double total) {
        totals.push_back(total);
        batches.emplace_back();
    }
    void accumulate(strengths<double>& model, std::span<const std::size_t> indices) {
        micro.push_back(indices.size());
        batches.back().insert(batches.back().end(), indices.begin(), indices.end());
        for (double& g : model.gradient) g += slope;
    }
    void finish(preflearn::training_step& step) const { step.loss = loss; }
    void describe(preflearn::run_description&) const {}
};
