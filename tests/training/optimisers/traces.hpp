/// \file
/// Frozen traces of other libraries' optimisers (golden/optimisers.py), step by step.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/training/loop/clip.hpp>
#include <preflearn/training/optimisers/optimiser.hpp>

/// The largest difference from the traces of an optimiser, relative to 1 + |parameter|; `make(options)` is ours with
/// the options of a trace. NaN where there is no trace, and where gradients are not zeroed.
template <class Scalar, class Make> double largest_error(const std::string& name, const Make& make) {
    std::ifstream file(std::string(PREFLEARN_TESTS) + "/training/golden/optimisers.json");
    const nlohmann::json all = nlohmann::json::parse(file);
    double worst = std::nan("");
    for (const nlohmann::json& trace : all["cases"]) {
        if (trace["optimiser"] != name) continue;
        worst = std::isnan(worst) ? 0 : worst;
        const auto optimiser = make(trace["options"]);
        static_assert(preflearn::Optimiser<decltype(make(trace["options"])), Scalar>);
        optimiser.check();
        auto parameters = trace["start"].get<std::vector<Scalar>>();
        auto memory = optimiser.template start<Scalar>({0, parameters.size()});
        for (std::size_t step = 0; step < trace["gradients"].size(); ++step) {
            auto gradient = trace["gradients"][step].get<std::vector<Scalar>>();
            const double norm = preflearn::global_norm(std::span<const Scalar>(gradient));
            optimiser.update(memory, std::span<Scalar>(parameters), std::span<Scalar>(gradient), optimiser.rate,
                             preflearn::clip_factor(norm, trace["clip_norm"]));
            if (gradient != std::vector<Scalar>(gradient.size())) return std::nan("");
            for (std::size_t i = 0; i < parameters.size(); ++i) {
                const double expected = trace["parameters"][step][i];
                worst =
                    std::max(worst, std::abs(static_cast<double>(parameters[i]) - expected) / (1 + std::abs(expected)));
            }
        }
    }
    return worst;
}
