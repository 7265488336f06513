// The progress bar of programs whose work comes in blocks: done, tokens a second, share of the machine's peak, time
// left. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <preflearn/core/system/progress.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/products/arithmetic_peak.hpp>

/// Each title has a bar of its own, and a title that begins again another one.
/// \param backend that computes, by its name: the share of the peak is told where it is the processor's
inline preflearn::work_progress work_bar(std::string_view backend) {
    struct shown_work {
        explicit shown_work(double peak) : use(peak) {}
        std::optional<preflearn::progress> bar{};
        std::string title{};
        preflearn::machine_use use;
    };
    const auto work = std::make_shared<shown_work>(backend.starts_with("cuda") ? 0 : preflearn::arithmetic_peak());
    return [work](std::string_view title, std::size_t done, std::size_t total, double tokens, double operations) {
        if (!work->bar || title != work->title || done == 0) {
            work->bar.reset();
            work->bar.emplace(std::string(title), total);
            work->title = title;
        }
        work->use.add(tokens, tokens * operations);
        work->bar->update(done, work->use.text());
        if (done == total) work->bar.reset();
    };
}
