#include <doctest/doctest.h>

#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/backend/cpu.hpp>
#include <preflearn/policy/any_backend.hpp>
#include <preflearn/policy/decoder/initialise.hpp>
#include <preflearn/policy/sampling/sampling_groups.hpp>

#include "../models.hpp"

using namespace preflearn;

namespace {

any_transformer<float> grouped_sampler() {
    any_transformer<float> any = any_backend_of<float, cpu_backend>().make(test::grouped(), {});
    initialise(any, generator(3, "weights"));
    any.stop_at(4);
    return any;
}

} // namespace

TEST_CASE("what is drawn for each of many prompts is what it draws alone, from its own generator") {
    const any_transformer<float> any = grouped_sampler();
    std::vector<std::vector<token_id>> prompts;
    for (token_id i = 0; i < 70; ++i) { // more than grow together
        prompts.emplace_back(1 + static_cast<std::size_t>(i) % 4, i % 9);
        if (i % 3 == 0) prompts.push_back(prompts.back());
    }
    const std::vector<token_span> views(prompts.begin(), prompts.end());
    std::vector<generator> randoms;
    for (std::size_t i = 0; i < views.size(); ++i) randoms.emplace_back(7, "each", i * i);
    const sampling_options options{.temperature = 1.2, .max_tokens = 9};
    const auto drawn = sample_each(any, views, options, randoms);
    REQUIRE(drawn.size() == views.size());
    std::size_t ended = 0;
    for (std::size_t i = 0; i < views.size(); ++i) {
        generator random(7, "each", i * i);
        CHECK(drawn[i] == any.sample(views[i], options, random));
        ended += drawn[i].back() == 4;
    }
    CHECK(ended > 0);
    CHECK_THROWS_AS(sample_each(any, views, options, std::span(randoms).first(3)), argument_error);
}

TEST_CASE("neighbours that belong together are never parted") {
    const any_transformer<float> any = grouped_sampler();
    const std::vector<token_id> prompt{1, 2};
    const std::vector<token_span> views(100, prompt);
    std::size_t seen = 0;
    in_sampling_groups(any, views, 3, 10, [&](std::size_t begin, std::size_t count, auto& decoder) {
        CHECK(begin == seen);
        CHECK(count % 10 == 0);
        CHECK(count <= any.room_for_sampling().sequences);
        CHECK(decoder.live().size() == count);
        seen += count;
    });
    CHECK(seen == 100);
    CHECK(response_limit(any, prompt, 3) == 3);
    CHECK(response_limit(any, prompt, 10000) == any.config().maximum_length - 2);
}
