/// \file
/// An observer that draws a progress bar with the loss in it.
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
inline training_observer progress_bar(std::string title = "training", std::FILE* stream = stderr) {
    return [title = std::move(title), stream, bar = std::shared_ptr<progress>()](const training_step& step) mutable {
        if (!bar) bar = std::make_shared<progress>(title, static_cast<std::size_t>(step.steps), stream);
        std::array<char, 96> note{};
        int written = std::snprintf(note.data(), note.size(), "loss %.4f", step.loss);
        const auto add = [&](const char* format, double value) {
            if (std::isnan(value) || written < 0 || written >= static_cast<int>(note.size())) return;
            const auto used = static_cast<std::size_t>(written);
            written += std::snprintf(note.data() + used, note.size() - used, format, value);
        };
        add(" accuracy %.2f", step.rewards_accuracies);
        add(" held out %.4f", step.eval_loss);
        bar->update(static_cast<std::size_t>(step.step),
                    {note.data(), static_cast<std::size_t>(std::clamp(written, 0, static_cast<int>(note.size()) - 1))});
        if (step.step == step.steps) bar.reset();
    };
}

} // namespace preflearn
