// The calls of the CUDA runtime. Everything happens at once, so streams and events have nothing to wait for.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "checker.hpp"
#include "device_memory.hpp"
#include "emulator.hpp"
#include "scheduler.hpp"

struct CUstream_st {
    unsigned flags;
};
struct CUevent_st {
    unsigned flags;
    bool recorded = false;
    std::chrono::steady_clock::time_point time{};
};
struct CUmemPoolHandle_st {
    std::uint64_t threshold = 0;
};

namespace emulator {
namespace {

thread_local cudaError_t last_error = cudaSuccess;
thread_local int current_device = 0;
std::size_t started = 0;

std::set<cudaStream_t>& streams() {
    static std::set<cudaStream_t> all;
    return all;
}
std::set<cudaEvent_t>& events() {
    static std::set<cudaEvent_t> all;
    return all;
}
std::map<char*, std::size_t>& pinned() {
    static std::map<char*, std::size_t> all;
    return all;
}
std::map<const void*, int>& dynamic_limits() {
    static std::map<const void*, int> all;
    return all;
}

cudaError_t answer(cudaError_t error) {
    if (error != cudaSuccess) last_error = error;
    return error;
}

/// f() where there is a device.
template <class F> cudaError_t on_device(F&& f) {
    const std::lock_guard held(device_lock());
    if (settings().devices == 0)
        return answer(settings().driver == 0 ? cudaErrorInsufficientDriver : cudaErrorNoDevice);
    return answer(f());
}

bool known(cudaStream_t stream) {
    return stream == nullptr || stream == cudaStreamLegacy || stream == cudaStreamPerThread ||
           streams().contains(stream);
}

/// Whether bytes may be what a copy reads or writes, given where it says they lie.
bool copyable(const void* pointer, std::size_t bytes, bool device) {
    return memory().holds(pointer) ? device && memory().valid(pointer, bytes) : !device;
}
bool reads_device(cudaMemcpyKind kind, const void* from) {
    return kind == cudaMemcpyDefault ? memory().holds(from)
                                     : kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
}
bool writes_device(cudaMemcpyKind kind, const void* to) {
    return kind == cudaMemcpyDefault ? memory().holds(to)
                                     : kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
}

/// What nobody has written stays so in the copy.
void copy_row(char* to, const char* from, std::size_t bytes) {
    std::memmove(to, from, bytes);
    const watched_bytes& d = device_bytes();
    if (!d.holds(to)) return;
    if (!d.holds(from) || d.all(d.written, from, bytes)) {
        d.mark(d.written, to, bytes, true);
        return;
    }
    for (std::size_t i = 0; i < bytes; ++i) d.mark(d.written, to + i, 1, d.all(d.written, from + i, 1));
}

cudaError_t copy(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch, std::size_t width,
                 std::size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
    return on_device([&] {
        if (!known(stream)) return cudaErrorInvalidResourceHandle;
        if (kind < cudaMemcpyHostToHost || kind > cudaMemcpyDefault) return cudaErrorInvalidMemcpyDirection;
        if (height > 1 && (width > to_pitch || width > from_pitch)) return cudaErrorInvalidPitchValue;
        if (width == 0 || height == 0) return cudaSuccess;
        if (to == nullptr || from == nullptr) return cudaErrorInvalidValue;
        if (!copyable(to, (height - 1) * to_pitch + width, writes_device(kind, to)) ||
            !copyable(from, (height - 1) * from_pitch + width, reads_device(kind, from)))
            return cudaErrorInvalidValue;
        const device_memory::opened now(memory());
        for (std::size_t r = 0; r < height; ++r)
            copy_row(static_cast<char*>(to) + r * to_pitch, static_cast<const char*>(from) + r * from_pitch, width);
        return cudaSuccess;
    });
}

cudaError_t set(void* pointer, std::size_t pitch, int value, std::size_t width, std::size_t height,
                cudaStream_t stream) {
    return on_device([&] {
        if (!known(stream)) return cudaErrorInvalidResourceHandle;
        if (height > 1 && width > pitch) return cudaErrorInvalidPitchValue;
        if (width == 0 || height == 0) return cudaSuccess;
        if (!memory().holds(pointer) || !memory().valid(pointer, (height - 1) * pitch + width))
            return cudaErrorInvalidValue;
        const device_memory::opened now(memory());
        for (std::size_t r = 0; r < height; ++r) {
            char* const row = static_cast<char*>(pointer) + r * pitch;
            std::memset(row, value, width);
            device_bytes().mark(device_bytes().written, row, width, true);
        }
        return cudaSuccess;
    });
}

cudaError_t allocate(void** pointer, std::size_t bytes, cudaStream_t stream) {
    return on_device([&] {
        if (pointer == nullptr) return cudaErrorInvalidValue;
        if (!known(stream)) return cudaErrorInvalidResourceHandle;
        char* const found = bytes == 0 ? nullptr : memory().allocate(bytes);
        if (found == nullptr && bytes != 0) return cudaErrorMemoryAllocation;
        *pointer = found;
        return cudaSuccess;
    });
}

cudaError_t release(void* pointer, cudaStream_t stream) {
    return on_device([&] {
        if (!known(stream)) return cudaErrorInvalidResourceHandle;
        return pointer == nullptr || memory().free(static_cast<char*>(pointer)) ? cudaSuccess : cudaErrorInvalidValue;
    });
}

/// What is wrong with a launch before it begins.
cudaError_t launchable(const cudaLaunchConfig_t& c, const void* kernel) {
    if (!known(c.stream)) return cudaErrorInvalidResourceHandle;
    const dim3 g = c.gridDim, b = c.blockDim;
    if (g.x == 0 || g.y == 0 || g.z == 0 || b.x == 0 || b.y == 0 || b.z == 0) return cudaErrorInvalidConfiguration;
    if (g.x > 2147483647U || g.y > 65535 || g.z > 65535 || b.x > 1024 || b.y > 1024 || b.z > 64 ||
        std::size_t{b.x} * b.y * b.z > 1024)
        return cudaErrorInvalidConfiguration;
    const auto allowed = dynamic_limits().find(kernel);
    const std::size_t limit =
        allowed == dynamic_limits().end() ? settings().shared_per_block : static_cast<std::size_t>(allowed->second);
    return c.dynamicSmemBytes > limit ? cudaErrorInvalidValue : cudaSuccess;
}

} // namespace

machine& settings() {
    static machine one;
    return one;
}
std::size_t memory_in_use() { return memory().in_use(); }
std::size_t launches() { return started; }

cudaError_t start(const cudaLaunchConfig_t& config, kernel_call call) {
    return on_device([&] {
        const cudaError_t wrong = launchable(config, call.kernel);
        if (wrong != cudaSuccess) return wrong;
        ++started;
        run_kernel(config, call);
        return cudaSuccess;
    });
}

} // namespace emulator

using namespace emulator;

cudaError_t cudaGetLastError() { return std::exchange(last_error, cudaSuccess); }
cudaError_t cudaPeekAtLastError() { return last_error; }

cudaError_t cudaGetDeviceCount(int* count) {
    return on_device([&] {
        *count = settings().devices;
        return cudaSuccess;
    });
}
cudaError_t cudaGetDevice(int* device) {
    return on_device([&] {
        *device = current_device;
        return cudaSuccess;
    });
}
cudaError_t cudaSetDevice(int device) {
    return on_device([&] {
        if (device < 0 || device >= settings().devices) return cudaErrorInvalidDevice;
        current_device = device;
        return cudaSuccess;
    });
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
    return on_device([&] {
        if (device < 0 || device >= settings().devices) return cudaErrorInvalidDevice;
        const machine& m = settings();
        switch (attribute) {
        case cudaDevAttrMaxThreadsPerBlock:
        case cudaDevAttrMaxBlockDimX:
        case cudaDevAttrMaxBlockDimY:
            *value = 1024;
            break;
        case cudaDevAttrMaxBlockDimZ:
            *value = 64;
            break;
        case cudaDevAttrMaxGridDimX:
            *value = 2147483647;
            break;
        case cudaDevAttrMaxGridDimY:
        case cudaDevAttrMaxGridDimZ:
            *value = 65535;
            break;
        case cudaDevAttrMaxSharedMemoryPerBlock:
            *value = static_cast<int>(m.shared_per_block);
            break;
        case cudaDevAttrMaxSharedMemoryPerBlockOptin:
            *value = static_cast<int>(m.shared_per_block_optin);
            break;
        case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
            *value = static_cast<int>(m.shared_per_block_optin + 1024);
            break;
        case cudaDevAttrWarpSize:
            *value = 32;
            break;
        case cudaDevAttrMultiProcessorCount:
            *value = m.multiprocessors;
            break;
        case cudaDevAttrL2CacheSize:
            *value = static_cast<int>(m.l2_cache);
            break;
        case cudaDevAttrMaxThreadsPerMultiProcessor:
            *value = 2048;
            break;
        case cudaDevAttrComputeCapabilityMajor:
            *value = m.major;
            break;
        case cudaDevAttrComputeCapabilityMinor:
            *value = m.minor;
            break;
        case cudaDevAttrMemoryPoolsSupported:
            *value = 1;
            break;
        default:
            return cudaErrorInvalidValue;
        }
        return cudaSuccess;
    });
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int device) {
    return on_device([&] {
        if (device < 0 || device >= settings().devices) return cudaErrorInvalidDevice;
        const machine& m = settings();
        *p = {.name = "emulator",
              .totalGlobalMem = m.total_memory,
              .sharedMemPerBlock = m.shared_per_block,
              .sharedMemPerBlockOptin = m.shared_per_block_optin,
              .sharedMemPerMultiprocessor = m.shared_per_block_optin + 1024,
              .warpSize = 32,
              .maxThreadsPerBlock = 1024,
              .multiProcessorCount = m.multiprocessors,
              .major = m.major,
              .minor = m.minor,
              .l2CacheSize = static_cast<int>(m.l2_cache),
              .memoryPoolsSupported = 1};
        return cudaSuccess;
    });
}
cudaError_t cudaDriverGetVersion(int* version) {
    *version = settings().driver;
    return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
    *version = CUDART_VERSION;
    return cudaSuccess;
}
cudaError_t cudaDeviceSynchronize() {
    return on_device([] { return cudaSuccess; });
}
cudaError_t cudaDeviceReset() {
    return on_device([] { return cudaSuccess; });
}

cudaError_t cudaMalloc(void** pointer, std::size_t bytes) { return allocate(pointer, bytes, nullptr); }
cudaError_t cudaMallocAsync(void** pointer, std::size_t bytes, cudaStream_t stream) {
    return allocate(pointer, bytes, stream);
}
cudaError_t cudaFree(void* pointer) { return release(pointer, nullptr); }
cudaError_t cudaFreeAsync(void* pointer, cudaStream_t stream) { return release(pointer, stream); }
cudaError_t cudaMallocHost(void** pointer, std::size_t bytes) { return cudaHostAlloc(pointer, bytes, 0); }
cudaError_t cudaHostAlloc(void** pointer, std::size_t bytes, unsigned) {
    return on_device([&] {
        *pointer = nullptr;
        if (bytes == 0) return cudaSuccess;
        void* const found = std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
        if (found == nullptr) return cudaErrorMemoryAllocation;
        pinned().emplace(static_cast<char*>(found), bytes);
        *pointer = found;
        return cudaSuccess;
    });
}
cudaError_t cudaFreeHost(void* pointer) {
    return on_device([&] {
        if (pointer == nullptr) return cudaSuccess;
        if (pinned().erase(static_cast<char*>(pointer)) == 0) return cudaErrorInvalidValue;
        std::free(pointer);
        return cudaSuccess;
    });
}
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
    return on_device([&] {
        *total = settings().total_memory;
        *free = *total - std::min(*total, memory().in_use());
        return cudaSuccess;
    });
}
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    return copy(to, bytes, from, bytes, bytes, 1, kind, nullptr);
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
    return copy(to, bytes, from, bytes, bytes, 1, kind, stream);
}
cudaError_t cudaMemcpy2D(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch, std::size_t width,
                         std::size_t height, cudaMemcpyKind kind) {
    return copy(to, to_pitch, from, from_pitch, width, height, kind, nullptr);
}
cudaError_t cudaMemcpy2DAsync(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch,
                              std::size_t width, std::size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
    return copy(to, to_pitch, from, from_pitch, width, height, kind, stream);
}
cudaError_t cudaMemset(void* pointer, int value, std::size_t bytes) {
    return set(pointer, bytes, value, bytes, 1, nullptr);
}
cudaError_t cudaMemsetAsync(void* pointer, int value, std::size_t bytes, cudaStream_t stream) {
    return set(pointer, bytes, value, bytes, 1, stream);
}
cudaError_t cudaMemset2D(void* pointer, std::size_t pitch, int value, std::size_t width, std::size_t height) {
    return set(pointer, pitch, value, width, height, nullptr);
}
cudaError_t cudaMemset2DAsync(void* pointer, std::size_t pitch, int value, std::size_t width, std::size_t height,
                              cudaStream_t stream) {
    return set(pointer, pitch, value, width, height, stream);
}
cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int device) {
    return on_device([&] {
        static CUmemPoolHandle_st one;
        if (device < 0 || device >= settings().devices) return cudaErrorInvalidDevice;
        *pool = &one;
        return cudaSuccess;
    });
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value) {
    return on_device([&] {
        if (attribute == cudaMemPoolAttrReleaseThreshold) std::memcpy(&pool->threshold, value, sizeof pool->threshold);
        return cudaSuccess;
    });
}
cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value) {
    return on_device([&] {
        const std::uint64_t in_use = memory().in_use();
        switch (attribute) {
        case cudaMemPoolAttrReleaseThreshold:
            std::memcpy(value, &pool->threshold, sizeof pool->threshold);
            break;
        case cudaMemPoolAttrUsedMemCurrent:
        case cudaMemPoolAttrReservedMemCurrent:
            std::memcpy(value, &in_use, sizeof in_use);
            break;
        default:
            return cudaErrorInvalidValue;
        }
        return cudaSuccess;
    });
}
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, std::size_t) {
    return on_device([] { return cudaSuccess; });
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) { return cudaStreamCreateWithFlags(stream, 0); }
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
    return on_device([&] {
        *stream = *streams().insert(new CUstream_st{flags}).first;
        return cudaSuccess;
    });
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
    return on_device([&] {
        if (streams().erase(stream) == 0) return cudaErrorInvalidResourceHandle;
        delete stream;
        return cudaSuccess;
    });
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
    return on_device([&] { return known(stream) ? cudaSuccess : cudaErrorInvalidResourceHandle; });
}
cudaError_t cudaStreamQuery(cudaStream_t stream) { return cudaStreamSynchronize(stream); }
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
    return on_device(
        [&] { return known(stream) && events().contains(event) ? cudaSuccess : cudaErrorInvalidResourceHandle; });
}
cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* argument) {
    return on_device([&] {
        if (!known(stream)) return cudaErrorInvalidResourceHandle;
        function(argument);
        return cudaSuccess;
    });
}
cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, 0); }
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
    return on_device([&] {
        *event = *events().insert(new CUevent_st{flags}).first;
        return cudaSuccess;
    });
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
    return on_device([&] {
        if (events().erase(event) == 0) return cudaErrorInvalidResourceHandle;
        delete event;
        return cudaSuccess;
    });
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
    return on_device([&] {
        if (!events().contains(event) || !known(stream)) return cudaErrorInvalidResourceHandle;
        event->recorded = true;
        event->time = std::chrono::steady_clock::now();
        return cudaSuccess;
    });
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
    return on_device([&] { return events().contains(event) ? cudaSuccess : cudaErrorInvalidResourceHandle; });
}
cudaError_t cudaEventQuery(cudaEvent_t event) { return cudaEventSynchronize(event); }
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
    return on_device([&] {
        if (!events().contains(begin) || !events().contains(end)) return cudaErrorInvalidResourceHandle;
        if (!begin->recorded || !end->recorded || ((begin->flags | end->flags) & cudaEventDisableTiming) != 0)
            return cudaErrorInvalidResourceHandle;
        *milliseconds = std::chrono::duration<float, std::milli>(end->time - begin->time).count();
        return cudaSuccess;
    });
}

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
    return on_device([&] {
        if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
        if (value < 0 || static_cast<std::size_t>(value) > settings().shared_per_block_optin)
            return cudaErrorInvalidValue;
        dynamic_limits()[kernel] = value;
        return cudaSuccess;
    });
}
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* kernel) {
    return on_device([&] {
        const auto allowed = dynamic_limits().find(kernel);
        *attributes = {};
        attributes->maxThreadsPerBlock = 1024;
        attributes->numRegs = 32;
        attributes->ptxVersion = attributes->binaryVersion = settings().major * 10 + settings().minor;
        attributes->maxDynamicSharedSizeBytes =
            allowed == dynamic_limits().end() ? static_cast<int>(settings().shared_per_block) : allowed->second;
        return cudaSuccess;
    });
}
