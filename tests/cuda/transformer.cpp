// Random models on the CUDA backend against the processor's: what the tiny checkpoints do not have.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <emulator.hpp>

#include <preflearn/core/stored/encoded_values.hpp>
#include <preflearn/policy/adapters/merged.hpp>
#include <preflearn/policy/any_backend.hpp>
#include <preflearn/policy/reward_head.hpp>
#include <preflearn/policy/transformer.hpp>

#include "../files.hpp"
#include "../policy/adapters/adapters.hpp"
#include "../policy/families.hpp"
#include "../policy/models.hpp"
#include "backends.hpp"

using namespace preflearn;

namespace {

using host_model = transformer<float>;
using device_model = transformer<float, test::cuda_float>;

/// Sums of log-probs agree.
void check_sums(const std::vector<double>& found, const std::vector<double>& expected, double relative = 1e-4) {
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i)
        CHECK(std::abs(found[i] - expected[i]) <= relative * std::abs(expected[i]));
}

/// Texts of which one is longer than a tile of queries and has a long prompt in common with another.
test::completions long_texts(std::size_t vocabulary) {
    test::completions c;
    const auto p = [&](std::size_t count, std::uint64_t stream) {
        return test::random_tokens(count, vocabulary, stream);
    };
    c.add(p(40, 7), p(60, 8));
    c.add(p(40, 7), p(9, 9));
    c.add(p(1, 4), p(3, 5));
    return c;
}

} // namespace

TEST_CASE("families that exist nowhere, which together use all there is") {
    for (const transformer_config& config :
         {test::learned_positions(), test::normed_heads(), test::parallel_blocks(), validated(test::grouped()),
          validated(test::multi_query()), validated(test::stretched())}) {
        CAPTURE(config.family.model_type);
        const host_model host(config, generator(1, "weights"));
        const device_model device(config, generator(1, "weights"));
        const test::completions c = test::mixed();
        check_sums(device.log_probs(c.views()), host.log_probs(c.views()));
        const auto found = device.last_hidden(c.views()), expected = host.last_hidden(c.views());
        for (std::size_t i = 0; i < c.prompts.size() * config.hidden_size; ++i)
            REQUIRE(std::abs(found.view().data[i] - expected.view().data[i]) < 1e-4F);
        const std::vector<token_span> prompts(c.prompts.begin(), c.prompts.end());
        const auto drawn = device.sample_many(prompts, {.temperature = 0, .max_tokens = 4}, 1),
                   also = host.sample_many(prompts, {.temperature = 0, .max_tokens = 4}, 1);
        for (std::size_t i = 0; i < prompts.size(); ++i) CHECK(std::ranges::equal(drawn[i], also[i]));
    }
}

TEST_CASE("texts longer than a tile of queries, windows, and prompts in common") {
    transformer_config config = test::grouped();
    config.maximum_length = 200;
    config.layers = 1;
    for (const std::size_t window : {0U, 17U}) {
        config.window = window;
        const host_model host(validated(config), generator(1, "weights"));
        const test::completions c = long_texts(config.vocabulary_size);
        const auto expected = host.log_probs(c.views());
        const device_model device(validated(config), generator(1, "weights"));
        const auto found = device.log_probs(c.views());
        check_sums(found, expected);
        const auto alone = c.views();
        check_sums(device.log_probs(std::span(alone).subspan(1, 1)), {found[1]}, 1e-6);
        const transformer<float, test::cuda_bfloat16> rounded(validated(config), generator(1, "weights"));
        const auto in_bfloat16 = rounded.log_probs(c.views());
        for (std::size_t i = 0; i < expected.size(); ++i)
            CHECK(std::abs(in_bfloat16[i] - expected[i]) <= 0.01 * static_cast<double>(c.responses[i].size()));
    }
}

TEST_CASE("adapters: as two thin products beside frozen weights, and merged") {
    const auto host = test::adapted_model<float>(test::grouped(), {.rank = 2, .alpha = 3});
    const frozen_tensors frozen = frozen_tensors_of(host.without_adapter());
    device_model device = with_adapter(device_model(host.config(), frozen), {.rank = 2, .alpha = 3});
    device.write_parameters([&](std::span<float> all) { std::ranges::copy(host.parameters(), all.begin()); });
    const test::completions c = test::mixed();
    const auto expected = host.log_probs(c.views());
    check_sums(device.log_probs(c.views()), expected);
    const device_model plain = merged(device);
    CHECK(plain.weights().adapters().empty());
    check_sums(plain.log_probs(c.views()), expected);
    check_sums(device_model(host.config(), frozen_tensors_of(host)).log_probs(c.views()), expected);
    check_sums(device.without_adapter().log_probs(c.views()), host.without_adapter().log_probs(c.views()));
}

TEST_CASE("quantised weights become the numbers that the processor reads") {
    transformer_config config = validated(test::grouped());
    config.hidden_size = config.intermediate_size = 32; // rows of whole blocks
    config.head_dim = 8;
    const host_model any(validated(config), generator(1, "weights"));
    frozen_tensors frozen;
    for (std::size_t t = 0; t < any.layout().tensors().size(); ++t) {
        const tensor_place& place = any.layout().tensors()[t];
        const auto numbers = any.parameters().subspan(place.offset, place.size());
        stored_matrix matrix =
            stored_numbers(std::vector<float>(numbers.begin(), numbers.end()), place.rows, place.columns);
        if (!place.is_vector()) { // Q8_0: a scale in F16 (2^-8) and 32 bytes
            const auto blocks = std::make_shared<std::vector<std::byte>>(place.size() / 32 * 34);
            for (std::size_t i = 0; i < blocks->size(); ++i)
                (*blocks)[i] = static_cast<std::byte>(i % 34 == 0 ? 0 : i % 34 == 1 ? 0x1c : (i * i + t) % 251);
            matrix = {.type = element_type::q8_0,
                      .rows = place.rows,
                      .columns = place.columns,
                      .bytes = *blocks,
                      .owner = blocks};
        }
        frozen.emplace(t, matrix);
    }
    const test::completions c = test::mixed();
    const auto expected = host_model(any.config(), frozen).log_probs(c.views());
    check_sums(device_model(any.config(), frozen).log_probs(c.views()), expected);
}

TEST_CASE("rewards of a head on the device are those of the processor's") {
    const host_model base(test::grouped(), generator(1, "weights"));
    scalar_head<host_model> host(base);
    scalar_head<device_model> device(device_model(test::grouped(), generator(1, "weights")));
    const auto fill = [](std::span<float> v) {
        for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<float>(i) / 4 - 1;
    };
    fill(host.head());
    device.write_head(fill);
    const test::completions c = test::mixed();
    const auto expected = host.rewards(c.views()), found = device.rewards(c.views());
    for (std::size_t i = 0; i < expected.size(); ++i) CHECK(std::abs(found[i] - expected[i]) < 1e-4);
}

TEST_CASE("several threads score at once, each what it would alone") {
    const device_model device(test::grouped(), generator(1, "weights"));
    const test::completions c = test::mixed();
    const auto expected = device.log_probs(c.views());
    std::vector<std::vector<double>> found(3);
    std::vector<std::thread> threads;
    for (auto& each : found) threads.emplace_back([&] { each = device.log_probs(c.views()); });
    for (std::thread& thread : threads) thread.join();
    for (const auto& each : found) CHECK(each == expected);
}

TEST_CASE("a batch that the device's memory does not hold runs in smaller ones, with the same results") {
    const device_model device(test::grouped(), generator(1, "weights"));
    test::completions c;
    for (std::uint64_t i = 0; i < 12; ++i) c.add(test::random_tokens(19, 19, i), test::random_tokens(11, 19, 100 + i));
    const auto expected = device.log_probs(c.views());
    const std::vector<token_span> prompts(c.prompts.begin(), c.prompts.end());
    const auto drawn = device.sample_many(prompts, {.max_tokens = 3}, 1);
    emulator::machine machine = emulator::settings();
    machine.total_memory = emulator::memory_in_use() + 100000;
    {
        const emulator::with_machine scarce(machine);
        CHECK_THROWS_AS((kept_rows<float, test::cuda_float>(device.config(), 12 * 29, 12 * 29, false)),
                        cuda::device_memory_error);
        check_sums(device.log_probs(c.views()), expected, 1e-6);
        const auto again = device.sample_many(prompts, {.max_tokens = 3}, 1);
        for (std::size_t i = 0; i < prompts.size(); ++i) CHECK(std::ranges::equal(again[i], drawn[i]));
    }
    machine.total_memory = emulator::memory_in_use() + 2000;
    const emulator::with_machine none(machine);
    CHECK(test::contains(test::error_of([&] { (void)device.log_probs(c.views()); }), "bytes were asked for"));
}

TEST_CASE("a model on the device says that it does not learn") {
    const auto backend = any_backend_of<float, test::cuda_float>();
    CHECK(!backend.learns);
    CHECK(backend.name == "cuda float");
    const any_transformer<float> model = backend.make(test::grouped(), {});
    const test::completions c = test::mixed();
    CHECK(test::error_of([&] { (void)model.forward(c.views()); }) ==
          "a model on cuda float scores and samples, but does not learn");
    CHECK(model.read_parameters(0, 3).size() == 3);
    CHECK(device_model(test::grouped()).weights().trained_size() == model.weights().trained_size());
}

TEST_CASE("frozen matrices that make one lie in one piece, for one product") {
    const host_model host(test::grouped(), generator(1, "weights"));
    const device_model device(host.config(), frozen_tensors_of(host));
    for (std::size_t layer = 0; layer < 2; ++layer) {
        const auto weights = device.weights().layer(layer);
        for (const auto* const map : {&weights.query_key_value, &weights.gate_up, &weights.down}) {
            std::size_t pieces = 0, rows = 0;
            cuda::for_pieces<float>(map->matrix.stored, [&](cuda::device_rows<const float> piece, std::size_t first) {
                CHECK(first == rows);
                rows += piece.rows;
                ++pieces;
            });
            CHECK(pieces == 1);
            CHECK(rows == map->matrix.rows());
        }
        CHECK(weights.query_key_value.matrix.stored.size() == 3);
        CHECK(weights.gate_up.matrix.stored.size() == 2);
    }
}
