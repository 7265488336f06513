/// \file
/// Parallel loops over tasks that the data defines. The number of threads decides only who runs a task,
/// never what a task is or in which order its sums are taken, so results have the same bits for any
/// number of threads. OpenMP runs them when the including program is compiled with it.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <limits>

#if defined(_OPENMP)
#include <omp.h>
#endif

namespace preflearn {

/// How many threads a loop started here may use: 1 inside a parallel loop.
inline std::size_t thread_count() {
#if defined(_OPENMP)
    return omp_in_parallel() ? 1 : static_cast<std::size_t>(omp_get_max_threads());
#else
    return 1;
#endif
}

/// Calls `task(i)` once for every i in [0, tasks), on any thread and in any order; nested calls run serially.
/// When tasks throw, the exception of the lowest index among those that ran is rethrown after the loop.
template <class Task> void parallel_for(std::size_t tasks, Task&& task) {
#if defined(_OPENMP)
    if (tasks > 1 && thread_count() > 1) {
        std::exception_ptr failure;
        std::size_t failed = std::numeric_limits<std::size_t>::max();
        const int threads = static_cast<int>(std::min(tasks, thread_count()));
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
        for (std::size_t i = 0; i < tasks; ++i) {
            try {
                task(i);
            } catch (...) {
#pragma omp critical(preflearn_parallel_for)
                if (i < failed) {
                    failed = i;
                    failure = std::current_exception();
                }
            }
        }
        if (failure) std::rethrow_exception(failure);
        return;
    }
#endif
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
