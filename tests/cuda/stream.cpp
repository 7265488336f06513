#include <doctest/doctest.h>

#include <utility>

#include <preflearn/backend/cuda/stream.hpp>

#include "emulator/emulator.hpp"

using namespace preflearn::cuda;

TEST_CASE("an event is recorded, waited for and timed") {
    const side_stream beside;
    event begin(event::timing::yes), end(event::timing::yes), plain;
    CHECK_NOTHROW(plain.wait()); // never recorded
    begin.record(beside.get());
    begin.hold_back(compute_stream());
    end.record(compute_stream());
    end.wait();
    CHECK(end.seconds_since(begin) >= 0);
    plain.record(compute_stream());
    CHECK_THROWS_AS((void)end.seconds_since(plain), preflearn::device_error); // not timed
    CHECK_NOTHROW(synchronise(beside.get()));
}

TEST_CASE("streams and events are given back once, by the last who has them") {
    cudaStream_t handle = nullptr;
    {
        side_stream made;
        handle = made.get();
        side_stream taken = std::move(made);
        CHECK(taken.get() == handle);
        CHECK(made.get() == nullptr); // NOLINT: what was moved from has nothing
        CHECK(cudaStreamSynchronize(handle) == cudaSuccess);
    }
    CHECK(cudaStreamSynchronize(handle) == cudaErrorInvalidResourceHandle);
    (void)cudaGetLastError();
}

TEST_CASE("without a device there is no stream") {
    const emulator::with_machine none({.devices = 0, .driver = 0});
    CHECK_THROWS_AS(side_stream(), preflearn::no_device_error);
    CHECK_THROWS_AS(event(), preflearn::no_device_error);
    CHECK_THROWS_AS(compute_stream(), preflearn::no_device_error);
}
