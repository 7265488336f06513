// The progress bar of programs whose work comes in blocks: done, tokens a second, share of the machine's peak, time
// left. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <preflearn/core/system/progress.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/products/arithmetic_peak.hpp>

/// Each title has a bar of its own, and a title that begins again another one.
inline preflearn::work_progress work_bar() {
    struct shown_work {
        std::optional<preflearn::progress> bar{};
        std::string title{};
        preflearn::machine_use use{preflearn::arithmetic_peak()};
    };
    return [work = std::make_shared<shown_work>()](std::string_view title, std::size_t done, std::size_t total,
                                                   double tokens, double operations) {
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

/// A sentence for the user.
inline void say_to_user(const std::string& told) { std::fprintf(stderr, "%s\n", told.c_str()); }
