// The whole forward pass on a real device, with cuBLASLt: every family, texts of some hundred tokens, several threads,
// and memory that is nearly full. Against the processor's model of the same weights.
#include "../golden_families.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <thread>
#include <vector>

#include <preflearn/backend/cuda/backend.hpp>
#include <preflearn/backend/cuda/cublaslt.hpp>
#include <preflearn/backend/cuda/memory.hpp>
#include <preflearn/policy/adapters/merged.hpp>
#include <preflearn/policy/reward_head.hpp>

#include "present.hpp"

using namespace preflearn;

namespace {

using on_float = cuda_backend<float, cuda::cublaslt>;
using on_bfloat16 = cuda_backend<bfloat16, cuda::cublaslt>;
using on_float16 = cuda_backend<float16, cuda::cublaslt>;

bool can_run() { return test::has_device() && test::has_cublaslt(); }

/// Grouped heads of the usual size, some layers, rows of many packs.
transformer_config usual_shape() {
    return validated(transformer_config{.vocabulary_size = 5003,
                                        .hidden_size = 512,
                                        .intermediate_size = 1376,
                                        .layers = 4,
                                        .heads = 8,
                                        .key_value_heads = 2,
                                        .head_dim = 64,
                                        .rope_theta = 10000,
                                        .maximum_length = 2048});
}
/// Pairs of responses to prompts of up to 700 tokens.
test::completions usual_texts() {
    test::completions c;
    for (const std::size_t length : {1U, 17U, 130U, 700U})
        for (std::uint64_t i = 0; i < 2; ++i)
            c.add(test::random_tokens(length, 5003, length),
                  test::random_tokens(length / 3 + 5 + i, 5003, 10 * length + i));
    return c;
}

template <class Backend> double largest_difference(const transformer<float>& host, const test::completions& c) {
    const transformer<float, Backend> device(host.config(), frozen_tensors_of(host));
    const auto found = device.log_probs(c.views()), expected = host.log_probs(c.views());
    double largest = 0;
    for (std::size_t i = 0; i < found.size(); ++i)
        largest = std::max(largest, std::abs(found[i] - expected[i]) / std::abs(expected[i]));
    return largest;
}

} // namespace

TEST_CASE("every family on the device") {
    if (!can_run()) return;
    for (const char* const name :
         {"llama", "llama_linear", "llama_llama3", "llama_yarn", "llama_dynamic", "llama_biases", "mistral", "smollm3",
          "qwen2", "qwen3", "gemma", "gemma2", "gemma3", "gemma3_scaled", "gpt2", "opt", "gpt_neox", "gpt_neox_serial"})
        test::check_on_cuda<on_float, on_bfloat16>(name);
}

TEST_CASE("a model of usual widths on the device, in every type; the same bits for the same batch") {
    if (!can_run()) return;
    const transformer<float> host(usual_shape(), generator(1, "weights"));
    const test::completions c = usual_texts();
    CHECK(largest_difference<on_float>(host, c) < 1e-4);
    CHECK(largest_difference<on_bfloat16>(host, c) < 1e-2);
    CHECK(largest_difference<on_float16>(host, c) < 2e-3);
    const transformer<float, on_bfloat16> device(host.config(), frozen_tensors_of(host));
    const auto scores = device.log_probs(c.views());
    CHECK(device.log_probs(c.views()) == scores);
    std::vector<std::vector<double>> found(4);
    std::vector<std::thread> threads;
    for (auto& each : found) threads.emplace_back([&] { each = device.log_probs(c.views()); });
    for (std::thread& thread : threads) thread.join();
    for (const auto& each : found) CHECK(each == scores);
}

TEST_CASE("tokens drawn by the cache on the device, and rewards") {
    if (!can_run()) return;
    const transformer<float> host(usual_shape(), generator(1, "weights"));
    const transformer<float, on_float> device(host.config(), frozen_tensors_of(host));
    const test::completions c = usual_texts();
    const std::vector<token_span> prompts(c.prompts.begin(), c.prompts.end());
    const auto drawn = device.sample_many(prompts, {.temperature = 0, .max_tokens = 16}, 1),
               expected = host.sample_many(prompts, {.temperature = 0, .max_tokens = 16}, 1);
    for (std::size_t i = 0; i < prompts.size(); ++i) CHECK(std::ranges::equal(drawn[i], expected[i]));
    scalar_head<transformer<float>> of_host(host);
    scalar_head<transformer<float, on_float>> of_device(device);
    const auto fill = [](std::span<float> v) {
        for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<float>(i % 17) / 8 - 1;
    };
    fill(of_host.head());
    of_device.write_head(fill);
    const auto rewards = of_device.rewards(c.views()), wanted = of_host.rewards(c.views());
    for (std::size_t i = 0; i < rewards.size(); ++i)
        CHECK(std::abs(rewards[i] - wanted[i]) < 1e-3 * (1 + std::abs(wanted[i])));
}

TEST_CASE("where the device's memory is nearly full a batch runs in smaller ones") {
    if (!can_run()) return;
    const transformer<float> host(usual_shape(), generator(1, "weights"));
    const transformer<float, on_bfloat16> device(host.config(), frozen_tensors_of(host));
    test::completions c;
    for (std::uint64_t i = 0; i < 64; ++i)
        c.add(test::random_tokens(100, 5003, i), test::random_tokens(30, 5003, 1000 + i));
    const auto expected = device.log_probs(c.views());
    cuda::give_back_kept_memory();
    std::vector<cuda::device_buffer<std::byte>> taken; // all but some megabytes
    for (std::size_t piece = cuda::device_memory().free_bytes; piece > (std::size_t{4} << 20); piece /= 2) {
        try {
            taken.emplace_back(piece);
        } catch (const cuda::device_memory_error& failure) {
            CHECK(failure.asked_bytes == piece);
        }
    }
    try {
        const auto found = device.log_probs(c.views());
        for (std::size_t i = 0; i < found.size(); ++i)
            CHECK(std::abs(found[i] - expected[i]) < 1e-2 * std::abs(expected[i]));
    } catch (const cuda::device_memory_error& failure) { // also a completion alone may be too much
        MESSAGE(failure.what());
    }
    taken.clear();
    CHECK(device.log_probs(c.views()) == expected);
}

TEST_CASE("a real model on the device, where PREFLEARN_BENCH_MODEL names one") {
    if (!can_run()) return;
    const char* const path = std::getenv("PREFLEARN_BENCH_MODEL");
    if (path == nullptr) {
        MESSAGE("[skipped] PREFLEARN_BENCH_MODEL names no model");
        return;
    }
    const auto host = load_transformer<float>(path, trained_tensors::none());
    test::completions c;
    for (std::uint64_t i = 0; i < 4; ++i)
        c.add(test::random_tokens(60, 1000, i / 2), test::random_tokens(20, 1000, 10 + i));
    const auto expected = host.log_probs(c.views());
    const auto single = load_transformer<float, on_float>(path, trained_tensors::none()).log_probs(c.views()),
               rounded = load_transformer<float, on_bfloat16>(path, trained_tensors::none()).log_probs(c.views());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        CHECK(std::abs(single[i] - expected[i]) <= 1e-4 * std::abs(expected[i]));
        CHECK(std::abs(rounded[i] - expected[i]) <= 2e-2 * std::abs(expected[i]));
    }
}
