// The index of sharded safetensors, whose two shards are in order: see run. Inputs that broke something became cases of
// the tests named hostile.cpp. SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <vector>

#include <preflearn/checkpoint/safetensors.hpp>

#include "target.hpp"

using namespace preflearn;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    const std::vector<float> values(4, 0.25F);
    for (const char* const shard : {"a", "b"})
        write_safetensors(fuzz::folder() / (std::string(shard) + ".safetensors"),
                          std::vector{as_tensor<float>(std::string(shard) + "1", {4}, values),
                                      as_tensor<float>(std::string(shard) + "2", {2, 2}, values)});
    fuzz::seed("index", R"({"metadata": {"total_size": 64}, "weight_map": {"a1": "a.safetensors", "a2": "a.safetensors",
        "b1": "b.safetensors"}})");
    fuzz::seed("elsewhere", R"({"weight_map": {"a1": "../a.safetensors", "b1": "/etc/passwd"}})");
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto path = fuzz::folder().write("model.safetensors.index.json", {reinterpret_cast<const char*>(data), size});
    return fuzz::survives([&] {
        const checkpoint_file file = read_safetensors(path);
        for (const tensor_view& tensor : file.tensors()) (void)all_values<float>(tensor);
    });
}
