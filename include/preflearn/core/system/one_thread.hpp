/// \file
/// Other libraries' parallel work on one thread. Eigen cuts large products of matrices by the number of threads, which
/// shows in the last bits of the sums; here it finds one thread, without a macro and without a setting of the whole
/// program: what the caller's other threads and later products use stays as it was.
// SPDX-License-Identifier: MIT
#pragma once

#if defined(_OPENMP)
#include <omp.h>
#endif

namespace preflearn {

/// work(), in which OpenMP's loops of this thread run serially. (Eigen::setNbThreads, a setting of the whole program,
/// would still win inside it.)
template <class Work> auto on_one_thread(Work&& work) {
#if defined(_OPENMP)
    struct setting {
        int before = omp_get_max_threads();
        setting() { omp_set_num_threads(1); } // of the calling task, not of the program
        setting(const setting&) = delete;
        setting& operator=(const setting&) = delete;
        ~setting() { omp_set_num_threads(before); }
    } one;
#endif
    return work();
}

} // namespace preflearn
