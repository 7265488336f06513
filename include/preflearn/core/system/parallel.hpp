/// \file
/// Parallel loops over tasks that the data defines. The number of threads decides only who runs a task, never what a
/// task is or in which order its sums are taken, so results have the same bits for any number of threads.
///
/// Threads that wait sleep after some microseconds, so that a shared machine's other programs, and our own threads,
/// have the processor: a team of OpenMP's spins for milliseconds, and beside busy neighbours runs several times as
/// long.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <type_traits>
#include <vector>

#include <preflearn/core/system/compiler.hpp>

#if defined(_OPENMP)
#include <omp.h>
#endif

namespace preflearn {

namespace detail {

/// Whether this thread is running a task of a loop.
inline thread_local bool runs_a_task = false;

/// A loop that may be helped with. Lives on its caller's stack; what is not atomic belongs to the crew's lock.
struct shared_loop {
    void (*call)(const void* task, std::size_t index) = nullptr;
    const void* task = nullptr;
    std::size_t tasks = 0;
    std::size_t places = 0; ///< for further helpers
    std::atomic<std::size_t> next{0};
    std::atomic<std::size_t> helpers{0};
    std::size_t failed = std::numeric_limits<std::size_t>::max();
    std::exception_ptr failure{};
};

/// The threads that help callers of loops: as many as were ever wanted at once, and never ended, so that none is waited
/// for when the program ends. Several callers may share them.
class loop_crew {
  public:
    static loop_crew& instance() {
        static loop_crew& crew = *new loop_crew;
        return crew;
    }

    /// Runs all tasks, with as many helpers as the loop has places.
    void run(shared_loop& loop) {
        {
            const std::scoped_lock lock(guard_);
            hire(loop.places);
            open_.push_back(&loop);
            opened_.fetch_add(1, std::memory_order_release);
            for (std::size_t wanted = std::min(loop.places, asleep_); wanted > 0; --wanted) work_.notify_one();
        }
        work_on(loop);
        {
            const std::scoped_lock lock(guard_);
            open_.erase(std::find(open_.begin(), open_.end(), &loop));
        }
        spin_while([&] { return loop.helpers.load(std::memory_order_acquire) > 0; });
        std::unique_lock lock(guard_);
        left_.wait(lock, [&] { return loop.helpers.load(std::memory_order_relaxed) == 0; });
    }

  private:
    loop_crew() = default;

    void hire(std::size_t wanted) {
        for (; hired_ < wanted; ++hired_) {
            try {
                std::thread([this] { help(); }).detach();
            } catch (const std::system_error&) { // no more threads to be had: those there are will do
                return;
            }
        }
    }

    void help() {
        std::unique_lock lock(guard_);
        for (;;) {
            const auto found = std::find_if(open_.begin(), open_.end(), [](const shared_loop* loop) {
                return loop->places > 0 && loop->next.load(std::memory_order_relaxed) < loop->tasks;
            });
            if (found != open_.end()) {
                shared_loop& loop = **found;
                --loop.places;
                loop.helpers.fetch_add(1, std::memory_order_relaxed);
                lock.unlock();
                work_on(loop);
                lock.lock(); // the loop may be gone as soon as the lock is given back after this
                if (loop.helpers.fetch_sub(1, std::memory_order_release) == 1) left_.notify_all();
                continue;
            }
            const std::size_t seen = opened_.load(std::memory_order_relaxed);
            const auto nothing_new = [&] { return opened_.load(std::memory_order_acquire) == seen; };
            lock.unlock();
            spin_while(nothing_new);
            lock.lock();
            ++asleep_;
            work_.wait(lock, [&] { return !nothing_new(); });
            --asleep_;
        }
    }

    void work_on(shared_loop& loop) {
        runs_a_task = true;
        for (std::size_t i; (i = loop.next.fetch_add(1, std::memory_order_relaxed)) < loop.tasks;) {
            try {
                loop.call(loop.task, i);
            } catch (...) {
                const std::scoped_lock lock(guard_);
                if (i < loop.failed) {
                    loop.failed = i;
                    loop.failure = std::current_exception();
                }
            }
        }
        runs_a_task = false;
    }

    /// For some microseconds at most: what a loop that follows at once would otherwise pay for waking up.
    template <class Condition> static void spin_while(Condition&& condition) {
        for (int turns = 0; turns < 2000 && condition(); ++turns) {
#if defined(__x86_64__) || defined(__i386__)
            __builtin_ia32_pause();
#endif
        }
    }

    std::mutex guard_;
    std::condition_variable work_, left_;
    std::vector<shared_loop*> open_;
    std::atomic<std::size_t> opened_{0};
    std::size_t hired_ = 0, asleep_ = 0;
};

} // namespace detail

namespace detail {

/// What set_thread_count asked for in a program without OpenMP; 0: nothing.
inline std::atomic<std::size_t> wanted_threads{0};

} // namespace detail

/// Loops that this thread starts from now on use up to `count` threads, at least one; what they compute stays the same.
inline void set_thread_count(std::size_t count) {
#if defined(_OPENMP)
    omp_set_num_threads(static_cast<int>(std::clamp<std::size_t>(count, 1, 1024)));
#else
    detail::wanted_threads = std::clamp<std::size_t>(count, 1, 1024);
#endif
}

/// How many threads a loop started here may use: 1 inside a parallel loop. Where the including program is compiled with
/// OpenMP it is OpenMP's number (OMP_NUM_THREADS, omp_set_num_threads), else that of the processors.
inline std::size_t thread_count() {
    if (detail::runs_a_task) return 1;
#if defined(_OPENMP)
    return omp_in_parallel() ? 1 : static_cast<std::size_t>(omp_get_max_threads());
#else
    static const std::size_t processors = std::max(1U, std::thread::hardware_concurrency());
    const std::size_t wanted = detail::wanted_threads;
    return wanted != 0 ? wanted : processors;
#endif
}

/// Calls `task(i)` once for every i in [0, tasks), on any thread and in any order; nested calls run serially.
/// When tasks throw, the exception of the lowest index among those that ran is rethrown after the loop.
template <class Task> void parallel_for(std::size_t tasks, Task&& task) {
    if (const std::size_t threads = std::min(tasks, thread_count()); threads > 1) {
        using held = std::remove_reference_t<Task>;
        detail::shared_loop loop;
        loop.call = [](const void* held_task, std::size_t i) {
            (*const_cast<held*>(static_cast<const held*>(held_task)))(i);
        };
        loop.task = std::addressof(task);
        loop.tasks = tasks;
        loop.places = threads - 1;
        detail::loop_crew::instance().run(loop);
        if (loop.failure) std::rethrow_exception(loop.failure);
        return;
    }
    for (std::size_t i = 0; i < tasks; ++i) task(i);
}

/// Calls `task(begin, end)` for consecutive blocks of at most `grain` items that cover [0, count).
/// The blocks depend on count and grain alone.
template <class Task> void parallel_blocks(std::size_t count, std::size_t grain, Task&& task) {
    grain = std::max<std::size_t>(grain, 1);
    parallel_for((count + grain - 1) / grain,
                 [&](std::size_t block) { task(block * grain, std::min(count, (block + 1) * grain)); });
}

} // namespace preflearn
