// The calls that a compiler makes at every access under -fsanitize=thread. Outside of kernels nothing is looked at.
#include <atomic>
#include <cstring>

#include "checker.hpp"
#include "emulator.hpp"

namespace emulator {
namespace {

bool instrumented = false;

} // namespace

bool checked() { return instrumented; }

/// Whether it is one of n bytes from `begin` on.
inline bool among(const void* pointer, const void* begin, std::size_t n) {
    return static_cast<std::size_t>(static_cast<const char*>(pointer) - static_cast<const char*>(begin)) < n;
}

inline __attribute__((always_inline)) void see(const void* pointer, std::size_t bytes, bool write, bool aligned,
                                               const void* code) {
    // Most accesses are to a thread's own variables.
    if (!in_kernel || among(pointer, present->running->stack, stack_bytes)) return;
    if (!write && (among(pointer, &threadIdx, sizeof threadIdx) || among(pointer, &blockIdx, sizeof blockIdx) ||
                   among(pointer, &blockDim, sizeof blockDim) || among(pointer, &gridDim, sizeof gridDim)))
        return;
    const outside_kernel here;
    check().look({static_cast<const char*>(pointer), bytes, write, false, aligned, code});
}

} // namespace emulator

using emulator::see;

#define PREFLEARN_SIZE(n)                                                                                              \
    void __tsan_read##n(void* p) { see(p, n, false, true, __builtin_return_address(0)); }                              \
    void __tsan_write##n(void* p) { see(p, n, true, true, __builtin_return_address(0)); }                              \
    void __tsan_unaligned_read##n(void* p) { see(p, n, false, false, __builtin_return_address(0)); }                   \
    void __tsan_unaligned_write##n(void* p) { see(p, n, true, false, __builtin_return_address(0)); }                   \
    void __tsan_volatile_read##n(void* p) { see(p, n, false, true, __builtin_return_address(0)); }                     \
    void __tsan_volatile_write##n(void* p) { see(p, n, true, true, __builtin_return_address(0)); }

// Of host code that is compiled with the kernels.
#define PREFLEARN_ATOMIC(bits, T)                                                                                      \
    T __tsan_atomic##bits##_load(const volatile T* p, int) { return __atomic_load_n(p, __ATOMIC_SEQ_CST); }            \
    void __tsan_atomic##bits##_store(volatile T* p, T v, int) { __atomic_store_n(p, v, __ATOMIC_SEQ_CST); }            \
    T __tsan_atomic##bits##_exchange(volatile T* p, T v, int) { return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST); }  \
    T __tsan_atomic##bits##_fetch_add(volatile T* p, T v, int) { return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST); }  \
    T __tsan_atomic##bits##_fetch_sub(volatile T* p, T v, int) { return __atomic_fetch_sub(p, v, __ATOMIC_SEQ_CST); }  \
    T __tsan_atomic##bits##_fetch_and(volatile T* p, T v, int) { return __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST); }  \
    T __tsan_atomic##bits##_fetch_or(volatile T* p, T v, int) { return __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST); }    \
    T __tsan_atomic##bits##_fetch_xor(volatile T* p, T v, int) { return __atomic_fetch_xor(p, v, __ATOMIC_SEQ_CST); }  \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile T* p, T* c, T v, int, int) {                            \
        return __atomic_compare_exchange_n(p, c, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                        \
    }                                                                                                                  \
    int __tsan_atomic##bits##_compare_exchange_weak(volatile T* p, T* c, T v, int, int) {                              \
        return __atomic_compare_exchange_n(p, c, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                        \
    }

extern "C" {

void __tsan_init() { emulator::instrumented = true; }
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
void __tsan_atomic_thread_fence(int) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
void __tsan_atomic_signal_fence(int) {}

PREFLEARN_SIZE(1)
PREFLEARN_SIZE(2)
PREFLEARN_SIZE(4)
PREFLEARN_SIZE(8)
PREFLEARN_SIZE(16)

void __tsan_read_range(void* p, unsigned long n) { see(p, n, false, false, __builtin_return_address(0)); }
void __tsan_write_range(void* p, unsigned long n) { see(p, n, true, false, __builtin_return_address(0)); }
void* __tsan_memcpy(void* to, const void* from, unsigned long n) {
    if (n > 0) see(from, n, false, false, __builtin_return_address(0));
    if (n > 0) see(to, n, true, false, __builtin_return_address(0));
    return std::memcpy(to, from, n);
}
void* __tsan_memmove(void* to, const void* from, unsigned long n) {
    if (n > 0) see(from, n, false, false, __builtin_return_address(0));
    if (n > 0) see(to, n, true, false, __builtin_return_address(0));
    return std::memmove(to, from, n);
}
void* __tsan_memset(void* to, int value, unsigned long n) {
    if (n > 0) see(to, n, true, false, __builtin_return_address(0));
    return std::memset(to, value, n);
}

PREFLEARN_ATOMIC(8, unsigned char)
PREFLEARN_ATOMIC(16, unsigned short)
PREFLEARN_ATOMIC(32, unsigned)
PREFLEARN_ATOMIC(64, unsigned long)

} // extern "C"
