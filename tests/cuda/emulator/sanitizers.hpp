/// \file
/// What the emulator tells AddressSanitizer and its own checker: where arrays begin and end, and when fibres take
/// turns.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define PREFLEARN_EMULATOR_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PREFLEARN_EMULATOR_ASAN
#endif
#endif

#ifdef PREFLEARN_EMULATOR_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace emulator {

/// Tells the checker (checker.hpp) that bytes belong to an array, or to none.
void watch(const void* begin, std::size_t bytes, bool there);

inline void forbid([[maybe_unused]] const void* begin, [[maybe_unused]] std::size_t bytes) {
#ifdef PREFLEARN_EMULATOR_ASAN
    __asan_poison_memory_region(begin, bytes);
#endif
    watch(begin, bytes, false);
}
/// As good as new: nobody has written there.
inline void allow([[maybe_unused]] const void* begin, [[maybe_unused]] std::size_t bytes) {
#ifdef PREFLEARN_EMULATOR_ASAN
    __asan_unpoison_memory_region(begin, bytes);
#endif
    watch(begin, bytes, true);
}
/// Before a switch to a stack; `kept` null: the present fibre ends.
inline void leave([[maybe_unused]] void** kept, [[maybe_unused]] const void* stack,
                  [[maybe_unused]] std::size_t bytes) {
#ifdef PREFLEARN_EMULATOR_ASAN
    __sanitizer_start_switch_fiber(kept, stack, bytes);
#endif
}
/// After a switch; receives the stack that was left.
inline void arrive([[maybe_unused]] void* kept, [[maybe_unused]] const void** stack,
                   [[maybe_unused]] std::size_t* bytes) {
#ifdef PREFLEARN_EMULATOR_ASAN
    __sanitizer_finish_switch_fiber(kept, stack, bytes);
#endif
}

} // namespace emulator
