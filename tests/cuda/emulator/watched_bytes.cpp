#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "checker.hpp"
#include "device_memory.hpp"

namespace emulator {
namespace {

template <class T> T* reserve(std::size_t count) {
    void* mapped =
        mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    return static_cast<T*>(mapped);
}

} // namespace

watched_bytes::watched_bytes(const char* begin, std::size_t size)
    : there(reserve<unsigned char>(size / 8)), written(reserve<unsigned char>(size / 8)),
      read_now(reserve<unsigned char>(size / 8)), written_now(reserve<unsigned char>(size / 8)), first(begin),
      range(size), writers(reserve<cell>(size / 2)), readers(reserve<cell>(size)) {}

bool watched_bytes::all(bits map, const void* pointer, std::size_t bytes) const {
    for (const char* p = static_cast<const char*>(pointer); bytes > 16; bytes -= 16, pointer = p += 16)
        if (!all(map, p, 16)) return false;
    return all_of_few(map, offset(pointer), bytes);
}

bool watched_bytes::all_of_few(bits map, std::size_t at, std::size_t bytes) {
    std::uint32_t word; // 32 bits from the byte of the first hold them all
    std::memcpy(&word, map + at / 8, sizeof word);
    const std::uint32_t mask = (std::uint32_t{1} << bytes) - 1;
    return (word >> (at % 8) & mask) == mask;
}

std::size_t watched_bytes::mark(bits map, const void* pointer, std::size_t bytes, bool value) const {
    std::size_t at = offset(pointer), changed = 0;
    if (bytes <= 16) {
        std::uint32_t word; // as in all_of_few
        std::memcpy(&word, map + at / 8, sizeof word);
        const std::uint32_t mask = ((std::uint32_t{1} << bytes) - 1) << (at % 8),
                            after = value ? word | mask : word & ~mask;
        std::memcpy(map + at / 8, &after, sizeof after);
        return static_cast<std::size_t>(std::popcount(word ^ after));
    }
    while (bytes > 0) {
        if (at % 8 == 0 && bytes >= 4096) { // only large arrays: how many changed is not asked
            std::memset(map + at / 8, value ? 0xff : 0, bytes / 8);
            at += bytes / 8 * 8;
            bytes %= 8;
            continue;
        }
        const std::size_t now = std::min(bytes, 8 - at % 8);
        const auto mask = static_cast<unsigned char>(((1U << now) - 1) << (at % 8));
        unsigned char& byte = map[at / 8];
        const auto after = static_cast<unsigned char>(value ? byte | mask : byte & ~mask);
        changed += static_cast<std::size_t>(std::popcount(static_cast<unsigned char>(byte ^ after)));
        byte = after;
        at += now;
        bytes -= now;
    }
    return changed;
}

void watch(const void* begin, std::size_t bytes, bool there) {
    const bool device = memory().holds(begin);
    if (!device && !shared_bytes_watched().holds(begin)) return;
    watched_bytes& where = device ? device_bytes() : shared_bytes_watched();
    where.mark(where.there, begin, bytes, there);
    where.mark(where.written, begin, bytes, false);
}

watched_bytes& shared_bytes_watched() {
    static watched_bytes one(shared_memory::arena(), shared_memory::range);
    return one;
}

watched_bytes& device_bytes() {
    static watched_bytes one(memory().start(), device_memory::range);
    return one;
}

} // namespace emulator
