/// \file
/// One progress line for the many training runs of a study, which may go on at the same time.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <preflearn/core/system/progress.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/observer.hpp>

namespace preflearn {

/// Makes observers for `study_options::observe` that count finished runs out of `runs` on one bar. Copies share the
/// bar.
class study_progress {
  public:
    study_progress(std::string title, std::size_t runs, std::FILE* stream = stderr)
        : shown_(std::make_shared<shown>(std::move(title), runs, stream)) {}

    training_observer operator()(std::string_view title) const {
        return [shown = shown_, name = std::string(title)](const training_step& step) {
            if (step.step != step.steps) return;
            const std::scoped_lock lock(shown->guard);
            shown->bar.update(++shown->done, name);
        };
    }

  private:
    struct shown {
        shown(std::string title, std::size_t runs, std::FILE* stream) : bar(std::move(title), runs, stream) {}
        std::mutex guard;
        progress bar;
        std::size_t done = 0;
    };
    std::shared_ptr<shown> shown_;
};

} // namespace preflearn
