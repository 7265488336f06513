/// \file
/// Looks at every access of a kernel: bounds, alignment, reads of what nobody wrote, races, and the bytes that are
/// moved. The compiler calls it (-fsanitize=thread, whose calls checker_calls.cpp answers), so kernels' source is as it
/// is.
///
/// Two accesses race when one writes, they are not both atomic, and nothing orders them: threads of a block are ordered
/// by __syncthreads, lanes of a warp by __syncwarp too (shuffles and votes order no memory), blocks by nothing but a
/// __threadfence before an atomic operation that the other one meets. Each thread has a clock; a cell for every two
/// bytes remembers who wrote them last, and two who read them since, at which time (after FastTrack, Flanagan and
/// Freund 2009).
///
/// Not seen: variables in registers that are used before they have a value; indices that land in another array; copies
/// by memcpy of a size that the compiler does not know (g++); values that are wrong (tests compare them); what depends
/// on speed, on the order of memory between fences, or on the code that a compiler of CUDA makes.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scheduler.hpp"

namespace emulator {

/// Who touched a cell when: block, time, thread, which of its bytes, and whether by an atomic operation.
struct cell {
    std::uint64_t block : 29, atomic : 1, bytes : 2, thread : 10, time : 22;
    const void* code;
};

/// What is known of the bytes of a range of addresses.
class watched_bytes {
  public:
    watched_bytes(const char* begin, std::size_t size);
    watched_bytes(const watched_bytes&) = delete;
    watched_bytes& operator=(const watched_bytes&) = delete;

    [[nodiscard]] bool holds(const void* pointer) const {
        return static_cast<std::size_t>(static_cast<const char*>(pointer) - first) < range;
    }
    /// Bits of a map, one for each byte; those of [pointer, pointer + bytes), at most 16.
    using bits = unsigned char*;
    [[nodiscard]] bool all(bits map, const void* pointer, std::size_t bytes) const;
    /// Sets or clears them. \returns how many were not so before
    std::size_t mark(bits map, const void* pointer, std::size_t bytes, bool value) const;
    [[nodiscard]] cell& written_by(const void* pointer) const { return writers[offset(pointer) / 2]; }
    [[nodiscard]] cell* read_by(const void* pointer) const { return readers + offset(pointer) / 2 * 2; }
    bits there, written;        ///< bytes that belong to an array; that were written
    bits read_now, written_now; ///< by the launch that is measured

  private:
    static bool all_of_few(bits map, std::size_t at, std::size_t bytes);
    [[nodiscard]] std::size_t offset(const void* pointer) const {
        return static_cast<std::size_t>(static_cast<const char*>(pointer) - first);
    }
    const char* first;
    std::size_t range;
    cell* writers;
    cell* readers;
};

/// The device's memory, and the shared memory of the block that runs.
watched_bytes& device_bytes();
watched_bytes& shared_bytes_watched();

struct access {
    const char* pointer;
    std::size_t bytes;
    bool write, atomic, aligned;
    const void* code;
};

class checker {
  public:
    void begin_launch();
    void begin_block(std::size_t threads);
    void barrier();
    void sync_lanes(unsigned warp, unsigned mask);
    void fence(const device_thread& t);
    /// Around an atomic operation: who comes later to the same place knows what was fenced.
    void acquire(const device_thread& t, const void* pointer);
    void release(const device_thread& t, const void* pointer);
    void look(const access& a);
    /// Says that something was read that nobody had written; the cause of what went wrong later. Empty: nothing was.
    [[nodiscard]] const std::string& unwritten() const { return unwritten_text; }

  private:
    using times = std::vector<std::uint32_t>;
    using others = std::map<std::uint32_t, std::shared_ptr<const times>>; ///< by block

    [[nodiscard]] bool ordered(const cell& earlier, const device_thread& now, bool shared) const;
    static void look_elsewhere(const access& a);
    void look_at_cells(const watched_bytes& where, const device_thread& t, const access& a);
    void remember(cell& a, cell& b, const cell& now, const device_thread& t, bool shared) const;
    [[noreturn]] void race(const cell& earlier, bool earlier_writes, const access& a, const std::string& where);

    std::string unwritten_text;
    std::uint32_t launch_began = 1, block_number = 0;
    times clock, after_barrier, fenced;
    std::vector<std::array<std::uint32_t, 32>> seen; ///< by thread: of the lanes of its warp
    bool fences = false, fenced_since_barrier = false;
    std::unordered_map<const void*, others> met;              ///< of the launch, by place
    others known;                                             ///< to all threads of the block
    std::vector<std::pair<unsigned, others>> known_to_thread; ///< since the last barrier
};
checker& check();

/// Counts what the lanes of warps ask for.
class meter {
  public:
    bool on = false;
    void begin_launch();
    void take(const device_thread& t, const access& a, bool shared);
    /// A warp's lanes are together again; all warps' are.
    void together(unsigned warp);
    void all_together();

  private:
    struct taken {
        const void* code;
        std::uint64_t address;
        std::uint32_t bytes, lane, repeated;
        bool shared;
    };
    void count(std::vector<taken>& group) const;
    std::array<std::array<std::vector<taken>, 32>, 32> lanes; ///< by warp and lane
};
meter& measured();

} // namespace emulator
