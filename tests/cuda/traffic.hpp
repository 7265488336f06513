/// \file
/// What a kernel moves, counted by the checked build, against what it must move and what its own formula says that it
/// asks for. Prints a row of a table: kernel and shape; least bytes; different bytes and bytes asked for, of these;
/// bytes asked for, of the formula's; sectors, of bytes asked for; passes of shared memory, of the fewest.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <type_traits>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/half.hpp>

#include "emulator/emulator.hpp"

namespace test {

/// Bytes of one or several launches.
struct moved_bytes {
    std::size_t minimum; ///< every number that is read or written, once
    std::size_t asked;   ///< by all threads: what comes again is served by a cache
};

/// "norm, 64 x 2048 bfloat16".
template <class E> std::string shape_name(const char* kernel, std::size_t rows, std::size_t columns) {
    const char* const element =
        std::is_same_v<E, float> ? "float" : (std::is_same_v<E, preflearn::bfloat16> ? "bfloat16" : "float16");
    return std::string(kernel) + ", " + std::to_string(rows) + " x " + std::to_string(columns) + " " + element;
}

/// Runs `start`, which launches what `kernel` names, and compares; nothing but in the checked build.
template <class Start> void check_traffic(const std::string& kernel, moved_bytes expected, const Start& start) {
    if (!emulator::checked()) return;
    const emulator::traffic_meter meter;
    start();
    const emulator::traffic_count found = meter.count();
    const double distinct = static_cast<double>(found.distinct()) / static_cast<double>(expected.minimum),
                 asked = static_cast<double>(found.asked()) / static_cast<double>(expected.asked);
    std::printf("| %s | %.3f MB | %.3f | %.2f | %.3f | %.3f | %.3f |\n", kernel.c_str(),
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
