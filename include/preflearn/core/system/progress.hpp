/// \file
/// Progress of long work: a bar on a terminal, a plain line now and then elsewhere (log files, CI).
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include <preflearn/core/system/compiler.hpp>

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

namespace preflearn {

/// Whether a stream is a terminal that can redraw a line.
inline bool is_terminal(std::FILE* stream) {
#if defined(__unix__) || defined(__APPLE__)
    return isatty(fileno(stream)) != 0;
#else
    static_cast<void>(stream);
    return false;
#endif
}

/// "34s", "5m20s", "2h05m".
inline std::string short_time(double seconds) {
    const auto whole = static_cast<long long>(std::clamp(seconds, 0.0, 1e15) + 0.5);
    const auto two = [](long long number) { return (number < 10 ? "0" : "") + std::to_string(number); };
    if (whole < 60) return std::to_string(whole) + "s";
    if (whole < 3600) return std::to_string(whole / 60) + "m" + two(whole % 60) + "s";
    return std::to_string(whole / 3600) + "h" + two(whole / 60 % 60) + "m";
}

/// What long work makes of its machine, from the first time on that it is told of work done.
class machine_use {
  public:
    /// \param peak operations per second that the machine allows (products/arithmetic_peak.hpp); 0: not known
    explicit machine_use(double peak = 0) : peak_(peak) {}

    /// Work done since the last time: tokens that were computed, and operations, where these are known (else 0 or NaN).
    void add(double tokens, double operations = 0) {
        const auto now = std::chrono::steady_clock::now();
        if (started_) { // of what was done before the first time is not known how long it took
            if (tokens > 0) tokens_ += tokens;
            if (operations > 0) operations_ += operations;
        } else {
            start_ = now;
        }
        started_ = true;
        seconds_ = std::chrono::duration<double>(now - start_).count();
    }
    /// "1234 tokens/s 56% of peak", or as much of it as is known: a peak that is exceeded was measured while others
    /// used the machine, and says nothing.
    [[nodiscard]] std::string text() const {
        std::string text;
        if (seconds_ <= 0) return text;
        if (tokens_ > 0) text += std::to_string(std::llround(tokens_ / seconds_)) + " tokens/s";
        if (operations_ > 0 && operations_ <= seconds_ * peak_)
            text += " " + std::to_string(std::llround(100 * operations_ / seconds_ / peak_)) + "% of peak";
        return text;
    }

  private:
    std::chrono::steady_clock::time_point start_{};
    double peak_, tokens_ = 0, operations_ = 0, seconds_ = 0;
    bool started_ = false;
};

/// Shows how much of `total` is done, and for how long it went and will go on at the pace since the first update. On a
/// terminal it redraws one line at most ten times a second; otherwise
/// it prints a line at every tenth of the way. A null stream shows nothing. Not for several threads at once.
class progress {
  public:
    progress(std::string title, std::size_t total, std::FILE* stream = stderr)
        : title_(std::move(title)), total_(total), stream_(stream), redraw_(stream != nullptr && is_terminal(stream)) {}
    progress(const progress&) = delete;
    progress& operator=(const progress&) = delete;
    ~progress() {
        if (redraw_ && drawn_) std::fputc('\n', stream_);
    }

    /// Tells that `done` of the total is done; `note` (the current loss, say) is shown beside it.
    void update(std::size_t done, std::string_view note = {}) {
        if (stream_ == nullptr) return;
        const auto now = std::chrono::steady_clock::now();
        if (first_ == std::chrono::steady_clock::time_point()) {
            first_ = now;
            first_done_ = done;
        }
        const std::size_t tenth = total_ == 0 ? 10 : done * 10 / total_;
        if (redraw_ ? done < total_ && drawn_ && now - last_ < std::chrono::milliseconds(100) : tenth <= tenth_) return;
        last_ = now;
        tenth_ = tenth;
        drawn_ = true;
        std::string time = short_time(std::chrono::duration<double>(now - start_).count());
        if (done > first_done_ && done < total_) {
            const double a_piece =
                std::chrono::duration<double>(now - first_).count() / static_cast<double>(done - first_done_);
            time += ", " + short_time(a_piece * static_cast<double>(total_ - done)) + " left";
        }
        print(done, note, time);
    }

  private:
    void print(std::size_t done, std::string_view note, const std::string& time) const {
        const double share = total_ == 0 ? 1 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
        constexpr std::size_t width = 24;
        const auto filled = static_cast<std::size_t>(share * width);
        const std::string bar = std::string(filled, '#') + std::string(width - filled, '.');
        std::fprintf(stream_, "%s%s [%s] %zu/%zu %s %s%s", redraw_ ? "\r\033[K" : "", title_.c_str(), bar.c_str(), done,
                     total_, time.c_str(), std::string(note).c_str(), redraw_ ? "" : "\n");
        std::fflush(stream_);
    }

    std::string title_;
    std::size_t total_;
    std::FILE* stream_;
    bool redraw_;
    bool drawn_ = false;
    std::size_t tenth_ = 0;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point last_{}, first_{};
    std::size_t first_done_ = 0;
};

} // namespace preflearn
