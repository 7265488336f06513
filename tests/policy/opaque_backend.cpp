// A model on a device that only scores, and whose arrays the host cannot reach.
#include <doctest/doctest.h>

#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/core/concepts.hpp>
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
