/// \file
/// A block's shared memory: arrays that stand apart, so that what lies beside one belongs to none.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace emulator {

class shared_memory {
  public:
    static constexpr std::size_t range = 16UL << 20, zone = 1024;

    struct array {
        const void* key; ///< null: part of dynamic memory
        char* begin;
        std::size_t bytes;
        std::size_t first; ///< byte of the block's shared memory as the device would lay it
    };

    /// Where it lies.
    static char* arena();

    shared_memory();
    /// For the next block: all arrays are gone, their bytes 0xff again.
    void clear();
    /// The array of this key, made when first asked for.
    const array& get(const void* key, std::size_t bytes, std::size_t alignment);
    /// The part of dynamic memory that begins at this byte. Null when it overlaps another without being the same.
    const array* part(std::size_t first, std::size_t bytes);
    [[nodiscard]] bool holds(const void* pointer) const {
        return static_cast<std::size_t>(static_cast<const char*>(pointer) - begin) < range;
    }
    /// The array that holds these bytes, or null.
    [[nodiscard]] const array* find(const void* pointer, std::size_t bytes) const;
    /// Bytes of the arrays with keys.
    [[nodiscard]] std::size_t fixed_bytes() const { return fixed; }
    [[nodiscard]] std::string describe(const void* pointer) const;
    /// Says what was written beside an array; empty: nothing.
    [[nodiscard]] std::string damage() const;
    [[nodiscard]] const char* start() const { return begin; }
    [[nodiscard]] const std::vector<array>& all() const { return arrays; }

  private:
    char* place(std::size_t bytes);

    char* begin;
    char* next;
    std::size_t fixed = 0;
    std::vector<array> arrays;
};

} // namespace emulator
