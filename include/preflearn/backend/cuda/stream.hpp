/// \file
/// Streams and events as values, and the one stream on which everything is computed: the legacy default stream, on
/// which the work of all host threads of a process stands in one order.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include <cuda_runtime_api.h>

#include <preflearn/backend/cuda/device.hpp>
#include <preflearn/backend/cuda/error.hpp>

namespace preflearn::cuda {

/// A handle of a library and what gives it back. A failure to give it back is ignored: the process may be at its end.
template <class Handle, auto Destroy> class owned_handle {
  public:
    owned_handle() = default;
    explicit owned_handle(Handle made) : held_(made) {}
    [[nodiscard]] Handle get() const { return held_.get(); }

  private:
    struct giving_back {
        void operator()(Handle made) const { (void)Destroy(made); }
    };
    std::unique_ptr<std::remove_pointer_t<Handle>, giving_back> held_;
};

/// Where everything is computed; binds this thread to the process's device. \throws no_device_error where there is none
inline cudaStream_t compute_stream() {
    bind_device();
    return cudaStreamLegacy;
}

/// Waits until all that was enqueued is done. \throws device_error where some of it failed
inline void synchronise(cudaStream_t stream, code_line at = code_line::here()) {
    check(cudaStreamSynchronize(stream), "cudaStreamSynchronize", at);
}

/// A point in a stream.
class event {
  public:
    enum class timing : bool { no, yes };
    explicit event(timing timed = timing::no) {
        bind_device();
        cudaEvent_t made = nullptr;
        check(cudaEventCreateWithFlags(&made, timed == timing::yes ? cudaEventDefault : cudaEventDisableTiming),
              "cudaEventCreateWithFlags");
        held_ = owned_handle<cudaEvent_t, cudaEventDestroy>(made);
    }
    /// Where the stream is now.
    void record(cudaStream_t stream) { check(cudaEventRecord(held_.get(), stream), "cudaEventRecord"); }
    /// The host waits for it; at once where it was never recorded.
    void wait() const { check(cudaEventSynchronize(held_.get()), "cudaEventSynchronize"); }
    /// What is enqueued on `stream` from now on waits for it.
    void hold_back(cudaStream_t stream) const {
        check(cudaStreamWaitEvent(stream, held_.get(), 0), "cudaStreamWaitEvent");
    }
    /// Seconds from `before` to this one, both timed and reached.
    [[nodiscard]] double seconds_since(const event& before) const {
        float milliseconds = 0;
        check(cudaEventElapsedTime(&milliseconds, before.held_.get(), held_.get()), "cudaEventElapsedTime");
        return milliseconds / 1000.0;
    }

  private:
    owned_handle<cudaEvent_t, cudaEventDestroy> held_;
};

/// A stream of its own, which does not wait for the default stream: for copies beside computing.
class side_stream {
  public:
    side_stream() {
        bind_device();
        cudaStream_t made = nullptr;
        check(cudaStreamCreateWithFlags(&made, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
        held_ = owned_handle<cudaStream_t, cudaStreamDestroy>(made);
    }
    [[nodiscard]] cudaStream_t get() const { return held_.get(); }

  private:
    owned_handle<cudaStream_t, cudaStreamDestroy> held_;
};

} // namespace preflearn::cuda
