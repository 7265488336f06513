/// \file
/// The device's memory: one range of addresses, in which allocations stand apart, so that what lies beside one belongs
/// to none. Filled with 0xff when allocated; freed memory is used again late.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace emulator {

/// Taken by every call of the runtime and while a kernel runs.
std::recursive_mutex& device_lock();

struct allocation {
    std::size_t bytes = 0;
    std::size_t block = 0; ///< bytes with the zone behind
};

class device_memory {
  public:
    static constexpr std::size_t range = std::size_t{1} << 33, alignment = 256, zone = 1024;

    device_memory();
    device_memory(const device_memory&) = delete;
    device_memory& operator=(const device_memory&) = delete;

    /// Null when the machine has not so many bytes left.
    char* allocate(std::size_t bytes);
    /// Whether it was allocated.
    bool free(char* pointer);
    [[nodiscard]] std::size_t in_use() const { return used; }
    [[nodiscard]] const char* start() const { return begin; }
    /// Of addresses that were ever used.
    [[nodiscard]] std::size_t extent() const { return static_cast<std::size_t>(top - begin); }
    /// Whether it lies in the device's range of addresses, allocated or not.
    [[nodiscard]] bool holds(const void* pointer) const {
        return reinterpret_cast<std::uintptr_t>(pointer) - reinterpret_cast<std::uintptr_t>(begin) < range;
    }
    /// Whether all of these bytes belong to one allocation.
    [[nodiscard]] bool valid(const void* pointer, std::size_t bytes) const;
    /// The allocation at or before an address, in words.
    [[nodiscard]] std::string describe(const void* pointer) const;
    /// Says what was written beside an allocation, and repairs it; empty: nothing.
    [[nodiscard]] std::string damage();

    /// As long as one lives, the memory may be touched.
    class opened {
      public:
        explicit opened(device_memory& memory) : of(memory) { of.protect(true); }
        opened(const opened&) = delete;
        opened& operator=(const opened&) = delete;
        ~opened() { of.protect(false); }

      private:
        device_memory& of;
    };

  private:
    friend class opened;
    void protect(bool open);

    char* begin;
    char* top; ///< above it nothing was ever allocated
    int openings = 0;
    std::size_t used = 0;
    std::map<char*, allocation> live;
    std::map<char*, std::size_t> spare;                                ///< blocks that may be used again
    std::multimap<std::size_t, std::pair<char*, std::size_t>> resting; ///< by the number of their freeing
    std::size_t resting_bytes = 0, freed = 0;
};

device_memory& memory();

} // namespace emulator
