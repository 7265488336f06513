// The progress bar of programs without models: how much is done, and the time left. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <preflearn/core/system/progress.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>

/// Each title has a bar of its own.
inline preflearn::work_progress plain_bar() {
    struct shown_work {
        std::optional<preflearn::progress> bar{};
        std::string title{};
    };
    return [work = std::make_shared<shown_work>()](std::string_view title, std::size_t done, std::size_t total, double,
                                                   double) {
        if (!work->bar || title != work->title || done == 0) {
            work->bar.reset();
            work->bar.emplace(std::string(title), total);
            work->title = title;
        }
        work->bar->update(done);
        if (done == total) work->bar.reset();
    };
}
