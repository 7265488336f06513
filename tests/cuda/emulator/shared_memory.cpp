#include "shared_memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <sstream>

#include "sanitizers.hpp"

namespace emulator {

char* shared_memory::arena() {
    static void* const mapped =
        mmap(nullptr, range, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    return static_cast<char*>(mapped);
}

shared_memory::shared_memory() : begin(arena()), next(begin + zone) { forbid(begin, range); }

void shared_memory::clear() {
    arrays.clear();
    fixed = 0;
    forbid(begin, static_cast<std::size_t>(next - begin));
    next = begin + zone;
}

char* shared_memory::place(std::size_t bytes) {
    const std::size_t block = (bytes + 255) / 256 * 256 + zone;
    if (block > range - static_cast<std::size_t>(next - begin)) throw std::bad_alloc();
    char* const found = next;
    next += block;
    allow(found, block);
    std::memset(found, 0xff, block);
    forbid(found + bytes, block - bytes);
    return found;
}

const shared_memory::array& shared_memory::get(const void* key, std::size_t bytes, std::size_t alignment) {
    for (const array& a : arrays)
        if (a.key == key) return a;
    const std::size_t first = (fixed + alignment - 1) / alignment * alignment;
    fixed = first + bytes;
    return arrays.emplace_back(array{key, place(bytes), bytes, first});
}

const shared_memory::array* shared_memory::part(std::size_t first, std::size_t bytes) {
    for (const array& a : arrays)
        if (a.key == nullptr) {
            if (a.first == first && a.bytes == bytes) return &a;
            if (first < a.first + a.bytes && a.first < first + bytes) return nullptr;
        }
    return &arrays.emplace_back(array{nullptr, place(bytes), bytes, first});
}

const shared_memory::array* shared_memory::find(const void* pointer, std::size_t bytes) const {
    const char* const p = static_cast<const char*>(pointer);
    for (const array& a : arrays)
        if (p >= a.begin && p + bytes <= a.begin + a.bytes) return &a;
    return nullptr;
}

std::string shared_memory::describe(const void* pointer) const {
    const char* const p = static_cast<const char*>(pointer);
    const array* before = nullptr;
    for (const array& a : arrays)
        if (a.begin <= p) before = &a; // they lie in order
    std::ostringstream out;
    if (before == nullptr) return "before the block's shared arrays";
    const auto offset = static_cast<std::size_t>(p - before->begin);
    if (offset < before->bytes)
        out << "byte " << offset << " of";
    else
        out << offset - before->bytes << " bytes behind";
    out << " a shared array of " << before->bytes << " bytes";
    return out.str();
}

std::string shared_memory::damage() const {
#ifndef PREFLEARN_EMULATOR_ASAN
    for (const array& a : arrays) {
        const char* const end = a.begin + (a.bytes + 255) / 256 * 256 + zone;
        for (const char* c = a.begin + a.bytes; c != end; ++c)
            if (*c != '\xff') return "a write " + describe(c);
    }
#endif
    return {};
}

} // namespace emulator
