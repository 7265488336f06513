/// \file
/// An observer that draws a progress bar with the loss in it, and with what the run makes of the machine.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include <preflearn/core/system/progress.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/observer.hpp>

namespace preflearn {

/// `.observers = {progress_bar()}`. Copies are bars of their own until their first step.
/// \param peak the operations per second that the machine allows (see products/arithmetic_peak.hpp), of which the share
///        is shown where the model says how many a token takes; 0: not known
inline training_observer progress_bar(std::string title = "training", std::FILE* stream = stderr, double peak = 0) {
    return [title = std::move(title), stream, bar = std::shared_ptr<progress>(),
            use = machine_use(peak)](const training_step& step, const training_run& run) mutable {
        if (!bar) bar = std::make_shared<progress>(title, static_cast<std::size_t>(step.steps), stream);
        use.add(step.tokens, run.operations_per_token * step.tokens);
        std::array<char, 96> note{};
        int written = std::snprintf(note.data(), note.size(), "loss %.4f", step.loss);
        const auto add = [&](const char* format, double value) {
            if (std::isnan(value) || written < 0 || written >= static_cast<int>(note.size())) return;
            const auto used = static_cast<std::size_t>(written);
            written += std::snprintf(note.data() + used, note.size() - used, format, value);
        };
        add(" accuracy %.2f", step.rewards_accuracies);
        add(" held out %.4f", step.eval_loss);
        std::string text(note.data(),
                         static_cast<std::size_t>(std::clamp(written, 0, static_cast<int>(note.size()) - 1)));
        if (const std::string used = use.text(); !used.empty()) text += " " + used;
        bar->update(static_cast<std::size_t>(step.step), text);
        if (step.step == step.steps) bar.reset();
    };
}

} // namespace preflearn
