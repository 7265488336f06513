/// \file
/// What a kernel moves, counted by the checked build, against what it must move and what its own formula says that it
/// asks for. Prints a row of the table of traffic that tests/cuda/check shows.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdio>

#include <doctest/doctest.h>

#include "emulator/emulator.hpp"

namespace test {

/// Bytes of one or several launches.
struct moved_bytes {
    std::size_t minimum; ///< every number that is read or written, once
    std::size_t asked;   ///< by all threads: what comes again is served by a cache
};

/// Runs `start`, which launches what `kernel` names, and compares; nothing but in the checked build.
template <class Start> void check_traffic(const char* kernel, moved_bytes expected, const Start& start) {
    if (!emulator::checked()) return;
    const emulator::traffic_meter meter;
    start();
    const emulator::traffic_count found = meter.count();
    const double distinct = static_cast<double>(found.distinct()) / static_cast<double>(expected.minimum),
                 asked = static_cast<double>(found.asked()) / static_cast<double>(expected.asked);
    std::printf("| %s | %.3f MB | %.3f | %.2f | %.3f | %.3f | %.3f |\n", kernel,
                static_cast<double>(expected.minimum) / 1e6, distinct,
                static_cast<double>(found.asked()) / static_cast<double>(expected.minimum), asked,
                found.sectors_of_asked(), found.bank_conflicts());
    CAPTURE(kernel);
    CHECK(distinct >= 0.98);
    CHECK(distinct <= 1.02);
    CHECK(asked >= 0.9);
    CHECK(asked <= 1.1);
    CHECK(found.sectors_of_asked() <= 1.1);
    CHECK(found.bank_conflicts() <= 1.1);
}

} // namespace test
