// Besides the tests of this folder, those of kernels that the emulator runs everywhere are compiled for a device;
// without one they are left out. What they ask the emulator for has no meaning here.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstddef>
#include <iostream>
#include <string>

#include <preflearn/backend/cuda/device.hpp>

#include "../emulator/emulator.hpp"

namespace emulator {

machine& settings() {
    static machine played;
    return played;
}
bool checked() { return false; }
std::size_t launches() { return 0; }
traffic_meter::traffic_meter() = default;
traffic_meter::~traffic_meter() = default;
traffic_count traffic_meter::count() const { return {}; }

} // namespace emulator

int main(int count, char** arguments) {
    doctest::Context context(count, arguments);
    const std::string reason = preflearn::cuda::no_device_reason();
    if (!reason.empty()) {
        std::cout << "[skipped] the kernels' tests: " << reason << '\n';
        context.addFilter("source-file", "*/cuda/device/*");
    }
    return context.run();
}
