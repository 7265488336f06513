/// \file
/// An observer that draws a progress bar with the loss in it, and with what the run makes of the machine.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
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

/// The rate of tokens since the first step, where the model counts them.
class token_rate {
  public:
    void add(double tokens) {
        const auto now = std::chrono::steady_clock::now();
        if (std::isnan(tokens)) return;
        if (started_)
            tokens_ += tokens; // the first step's time is not known
        else
            start_ = now;
        started_ = true;
        seconds_ = std::chrono::duration<double>(now - start_).count();
    }
    /// Tokens per second; 0 before there are any.
    [[nodiscard]] double value() const { return tokens_ > 0 && seconds_ > 0 ? tokens_ / seconds_ : 0; }

  private:
    std::chrono::steady_clock::time_point start_{};
    double tokens_ = 0, seconds_ = 0;
    bool started_ = false;
};

/// `.observers = {progress_bar()}`. Copies are bars of their own until their first step.
/// \param peak the operations per second that the machine allows (see products/arithmetic_peak.hpp), of which the share
///        is shown where the model says how many a token takes; 0: not known
inline training_observer progress_bar(std::string title = "training", std::FILE* stream = stderr, double peak = 0) {
    return [title = std::move(title), stream, peak, bar = std::shared_ptr<progress>(),
            rate = token_rate()](const training_step& step, const training_run& run) mutable {
        if (!bar) bar = std::make_shared<progress>(title, static_cast<std::size_t>(step.steps), stream);
        rate.add(step.tokens);
        std::array<char, 128> note{};
        int written = std::snprintf(note.data(), note.size(), "loss %.4f", step.loss);
        const auto add = [&](const char* format, double value) {
            if (std::isnan(value) || written < 0 || written >= static_cast<int>(note.size())) return;
            const auto used = static_cast<std::size_t>(written);
            written += std::snprintf(note.data() + used, note.size() - used, format, value);
        };
        add(" accuracy %.2f", step.rewards_accuracies);
        add(" held out %.4f", step.eval_loss);
        if (rate.value() > 0) add(" %.0f tokens/s", rate.value());
        if (const double share = run.operations_per_token * rate.value() / peak; peak > 0 && share > 0)
            add(" %.0f%% of peak", 100 * share);
        bar->update(static_cast<std::size_t>(step.step),
                    {note.data(), static_cast<std::size_t>(std::clamp(written, 0, static_cast<int>(note.size()) - 1))});
        if (step.step == step.steps) bar.reset();
    };
}

} // namespace preflearn
