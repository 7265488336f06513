// A model on a device that only scores, and whose arrays the host cannot reach.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <preflearn/core/concepts.hpp>
#include <preflearn/policy/adapters/merged.hpp>
#include <preflearn/policy/adapters/with_adapter.hpp>
#include <preflearn/policy/reward_head.hpp>
#include <preflearn/policy/transformer.hpp>

#include "models.hpp"
#include "opaque_backend.hpp"

using namespace preflearn;
using device_model = transformer<float, test::opaque_backend>;
using host_model = transformer<float>;

static_assert(Policy<device_model, token_comparison>);
static_assert(GenerativePolicy<device_model, comparison<token_span, std::vector<token_id>>>);
static_assert(!Trainable<device_model, std::span<const token_completion>> && !device_model::learns);
static_assert(Trainable<host_model, std::span<const token_completion>> && host_model::learns);

TEST_CASE("a transformer on a device that only scores has the bits of the processor's") {
    for (const transformer_config& config : {test::grouped(), test::multi_query()}) {
        const device_model device(config, generator(1, "weights"));
        const host_model host(config, generator(1, "weights"));
        const test::completions some = test::mixed();
        CHECK(device.log_probs(some.views()) == host.log_probs(some.views()));
        const auto hidden = device.last_hidden(some.views()), expected = host.last_hidden(some.views());
        for (std::size_t i = 0; i < some.prompts.size() * config.hidden_size; ++i)
            REQUIRE(hidden.view().data[i] == expected.view().data[i]);
        const std::vector<token_span> prompts(some.prompts.begin(), some.prompts.end());
        const sampling_options options{.temperature = 1.5, .max_tokens = 6};
        const auto drawn = device.sample_many(prompts, options, 1), also = host.sample_many(prompts, options, 1);
        for (std::size_t i = 0; i < prompts.size(); ++i) {
            const std::vector<token_id> one(drawn[i].begin(), drawn[i].end()), other(also[i].begin(), also[i].end());
            CHECK(one == other);
        }
    }
}

TEST_CASE("a batch for which the device's memory is too small runs in smaller parts, with the same results") {
    const device_model device(test::grouped(), generator(1, "weights"));
    const test::completions some = test::mixed();
    const auto scores = device.log_probs(some.views());
    const auto hidden = device.last_hidden(some.views());
    const std::vector<token_span> prompts(some.prompts.begin(), some.prompts.end());
    const sampling_options options{.temperature = 1.5, .max_tokens = 6};
    const auto drawn = device.sample_many(prompts, options, 1);
    struct scarcity {
        explicit scarcity(std::size_t rows) { test::opaque_backend::most_rows = rows; }
        scarcity(const scarcity&) = delete;
        scarcity& operator=(const scarcity&) = delete;
        ~scarcity() { test::opaque_backend::most_rows = std::numeric_limits<std::size_t>::max(); }
    };
    for (const std::size_t rows : {30U, 20U, 13U, 10U}) {
        const scarcity scarce(rows);
        CHECK(device.log_probs(some.views()) == scores);
        const auto again = device.last_hidden(some.views());
        for (std::size_t i = 0; i < some.prompts.size() * device.config().hidden_size; ++i)
            REQUIRE(again.view().data[i] == hidden.view().data[i]);
        const auto also = device.sample_many(prompts, options, 1);
        for (std::size_t i = 0; i < prompts.size(); ++i) CHECK(std::ranges::equal(also[i], drawn[i]));
    }
    const scarcity scarce(7); // less than one completion
    CHECK_THROWS_WITH_AS((void)device.log_probs(some.views()), "8 rows", test::opaque_backend::memory_error);
    CHECK_THROWS_AS((void)device.sample_many(prompts, options, 1), test::opaque_backend::memory_error);
}

TEST_CASE("weights and rewards of a device are read and written by copies") {
    const host_model base(test::grouped(), generator(1, "weights"));
    device_model device(test::grouped());
    device.write_parameters([&](std::span<float> all) { std::ranges::copy(base.parameters(), all.begin()); });
    const auto some = device.read_parameters(5, 20);
    CHECK(std::ranges::equal(some, base.parameters().subspan(5, 20)));
    const device_model adapted = with_adapter(device, {.rank = 2}, 3);
    const test::completions c = test::mixed();
    CHECK(adapted.log_probs(c.views()) == base.log_probs(c.views())); // B is zero
    CHECK(merged(adapted).log_probs(c.views()) == base.log_probs(c.views()));

    scalar_head<device_model> reward(device);
    scalar_head<host_model> expected(base);
    CHECK(reward.rewards(c.views()) == std::vector<double>(c.prompts.size(), 0.0));
    const auto fill = [](std::span<float> v) {
        for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<float>(i) - 4;
    };
    reward.write_head(fill);
    fill(expected.head());
    CHECK(reward.rewards(c.views()) == expected.rewards(c.views()));
    CHECK(scalar_head<device_model>(reward).rewards(c.views()) == expected.rewards(c.views()));
}
