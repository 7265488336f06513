#include <type_traits>

#include <doctest/doctest.h>

#include <preflearn/core/sampling.hpp>

using namespace preflearn;

static_assert(std::is_aggregate_v<sampling_options>);

TEST_CASE("the defaults sample from the policy itself: no filter changes its distribution") {
    const sampling_options options;
    CHECK(options.temperature == 1);
    CHECK(options.top_k == 0);
    CHECK(options.top_p == 1);
    CHECK(options.max_tokens > 0);
}
