#include "device_memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <new>
#include <sstream>

#include "emulator.hpp"
#include "sanitizers.hpp"

namespace emulator {
namespace {

constexpr std::size_t resting_limit = 4UL << 20;
constexpr std::size_t chunk = 1UL << 20; ///< by which the range that may be touched grows

std::size_t rounded(std::size_t bytes, std::size_t to) { return (bytes + to - 1) / to * to; }

void fill(char* begin, std::size_t bytes) {
    allow(begin, bytes);
    std::memset(begin, 0xff, bytes);
}

} // namespace

std::recursive_mutex& device_lock() {
    static std::recursive_mutex lock;
    return lock;
}

device_memory& memory() {
    static device_memory one;
    return one;
}

device_memory::device_memory() {
    void* mapped = mmap(nullptr, range, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    begin = top = static_cast<char*>(mapped);
    top += zone;
}

void device_memory::protect(bool open) {
    openings += open ? 1 : -1;
    if (openings == (open ? 1 : 0))
        mprotect(begin, rounded(static_cast<std::size_t>(top - begin), chunk),
                 open ? PROT_READ | PROT_WRITE : PROT_NONE);
}

char* device_memory::allocate(std::size_t bytes) {
    const std::size_t total = settings().total_memory;
    if (bytes > total || used > total - bytes) return nullptr;
    const std::size_t block = rounded(bytes, alignment) + zone;
    char* found = nullptr;
    const auto fits = std::ranges::find_if(spare, [&](const auto& s) { return s.second >= block; });
    if (fits != spare.end()) {
        found = fits->first;
        if (fits->second > block) spare.emplace(found + block, fits->second - block);
        spare.erase(fits);
    } else {
        if (block > range - static_cast<std::size_t>(top - begin)) return nullptr;
        const int before = openings;
        found = top;
        top += block;
        if (before > 0) { // what is open grows, too
            openings = 0;
            protect(true);
            openings = before;
        }
    }
    const opened now(*this);
    fill(found, block);
    forbid(found + bytes, block - bytes);
    live.emplace(found, allocation{bytes, block});
    used += bytes;
    return found;
}

bool device_memory::free(char* pointer) {
    const auto at = live.find(pointer);
    if (at == live.end()) return false;
    const opened now(*this);
    fill(pointer, at->second.block);
    forbid(pointer, at->second.block);
    used -= at->second.bytes;
    resting.emplace(freed++, std::pair{pointer, at->second.block});
    resting_bytes += at->second.block;
    live.erase(at);
    while (resting_bytes > resting_limit) {
        auto [begin_of, size] = resting.begin()->second;
        resting.erase(resting.begin());
        resting_bytes -= size;
        auto next = spare.lower_bound(begin_of);
        if (next != spare.end() && next->first == begin_of + size) {
            size += next->second;
            next = spare.erase(next);
        }
        if (next != spare.begin() && std::prev(next)->first + std::prev(next)->second == begin_of)
            std::prev(next)->second += size;
        else
            spare.emplace(begin_of, size);
    }
    return true;
}

bool device_memory::valid(const void* pointer, std::size_t bytes) const {
    char* const p = const_cast<char*>(static_cast<const char*>(pointer));
    const auto next = live.upper_bound(p);
    if (next == live.begin()) return false;
    const auto& [start, a] = *std::prev(next);
    const auto offset = static_cast<std::size_t>(p - start);
    return offset <= a.bytes && bytes <= a.bytes - offset;
}

std::string device_memory::describe(const void* pointer) const {
    char* const p = const_cast<char*>(static_cast<const char*>(pointer));
    std::ostringstream out;
    auto next = live.upper_bound(p);
    if (next != live.begin()) {
        const auto& [start, a] = *std::prev(next);
        const auto offset = static_cast<std::size_t>(p - start);
        if (offset < a.bytes)
            out << "byte " << offset << " of an array of " << a.bytes << " bytes";
        else if (offset - a.bytes < 64 * zone || next == live.end())
            out << offset - a.bytes << " bytes behind an array of " << a.bytes << " bytes";
        if (out.tellp() > 0) return out.str();
    }
    if (next != live.end())
        out << next->first - p << " bytes before an array of " << next->second.bytes << " bytes";
    else
        out << "no array";
    return out.str();
}

std::string device_memory::damage() {
    std::string first;
#ifndef PREFLEARN_EMULATOR_ASAN // which has said so already
    for (auto& [start, a] : live) {
        char* const behind = start + a.bytes;
        const std::size_t zone_bytes = a.block - a.bytes;
        if (*behind == '\xff' && std::memcmp(behind, behind + 1, zone_bytes - 1) == 0) continue;
        const char* const hit = std::find_if(behind, behind + zone_bytes, [](char c) { return c != '\xff'; });
        if (first.empty()) first = "a write " + describe(hit);
        std::memset(behind, 0xff, zone_bytes);
    }
#endif
    return first;
}

} // namespace emulator
