// How many threads parallel loops use, where a test sees what differs by it.
#pragma once

#if defined(_OPENMP)
#include <omp.h>
#endif

namespace test {

/// None: as many as there are processors. Without OpenMP nothing is changed.
inline void use_threads([[maybe_unused]] int count = 0) {
#if defined(_OPENMP)
    omp_set_num_threads(count == 0 ? omp_get_num_procs() : count);
#endif
}

} // namespace test
