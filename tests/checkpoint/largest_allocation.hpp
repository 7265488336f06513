/// \file
/// Replaces operator new, in the one source file of a program that includes this, to remember the largest request:
/// a hostile file must not make the library ask for more than a few times the file's own size.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace test {
inline std::atomic<std::size_t> largest_allocation{0};
}

[[gnu::noinline]] void* operator new(std::size_t size) {
    std::size_t largest = test::largest_allocation.load();
    while (largest < size && !test::largest_allocation.compare_exchange_weak(largest, size)) {
    }
    if (void* const memory = std::malloc(size > 0 ? size : 1)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new[](std::size_t size) { return ::operator new(size); }
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
