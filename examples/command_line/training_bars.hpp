// The progress bars of programs that train.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include <preflearn/core/system/progress.hpp>
#include <preflearn/products/arithmetic_peak.hpp>
#include <preflearn/training/observers/progress_bar.hpp>

/// Of study_options, or of others with these members: each training run and each scoring has a bar.
template <class Options> void show_bars(Options& to) {
    to.observe = [peak = preflearn::arithmetic_peak()](std::string_view title) {
        return preflearn::progress_bar(std::string(title), stderr, peak);
    };
    to.scoring = [](std::string_view title, std::size_t pairs) {
        return [bar = std::make_shared<preflearn::progress>(std::string(title), pairs)](std::size_t scored) {
            bar->update(scored);
        };
    };
}
