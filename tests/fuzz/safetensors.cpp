// A file of safetensors: see run. Inputs that broke something became cases of the tests named hostile.cpp.
// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <vector>

#include <preflearn/checkpoint/safetensors.hpp>

#include "target.hpp"

using namespace preflearn;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    const std::vector<float> values(12, 0.25F);
    const auto half = encode_values(std::span(values), element_type::f16);
    write_safetensors(fuzz::folder() / "seed", std::vector{as_tensor<float>("layer.weight", {3, 4}, values),
                                                           {"h", element_type::f16, {12}, half}});
    fuzz::seed("two", test::read(fuzz::folder() / "seed"));
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto path = fuzz::folder().write("a.safetensors", {reinterpret_cast<const char*>(data), size});
    return fuzz::survives([&] {
        const checkpoint_file file = read_safetensors(path);
        for (const tensor_view& tensor : file.tensors()) (void)all_values<double>(tensor);
    });
}
