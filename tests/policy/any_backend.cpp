#include <doctest/doctest.h>

#include <preflearn/policy/any_backend.hpp>

#include "../parts.hpp"
#include "models.hpp"
#include "opaque_backend.hpp"

using namespace preflearn;

TEST_CASE("a model on a device that only scores does, and says that it does not learn") {
    const any_backend<float> device = any_backend_of<float, test::opaque_backend>();
    CHECK(!device.learns);
    any_transformer<float> model = device.make(test::grouped(), {});
    const auto c = test::mixed();
    CHECK(model.log_probs(c.views()).size() == c.prompts.size());
    CHECK_THROWS_WITH_AS((void)model.parameters(), doctest::Contains("does not learn"), argument_error);
    CHECK_THROWS_WITH_AS((void)model.forward(c.views()), doctest::Contains("does not learn"), argument_error);
}

TEST_CASE("models on different backends are not mixed") {
    const any_backend<float> processor = any_backend_of<float, cpu_backend>();
    CHECK(processor.learns);
    CHECK(processor.name == cpu_backend::name);
    const any_transformer<float> policy = processor.make(test::grouped(), {});
    const any_transformer<float> other = any_backend_of<float, test::opaque_backend>().make(test::grouped(), {});
    const auto c = test::mixed();
    CHECK_THROWS_WITH_AS((void)policy.forward_with_divergence(c.views(), other), doctest::Contains("another backend"),
                         argument_error);
}
