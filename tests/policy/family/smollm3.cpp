#include <doctest/doctest.h>

#include "../golden.hpp"

using namespace preflearn;

TEST_CASE("a small SmolLM3, whose fourth layer is without positions, has transformers' values") {
    test::check_family("smollm3", families::smollm3);
    const auto config = read_config_json(test::golden_folder("smollm3") / "config.json");
    CHECK(config.rotates(2));
    CHECK_FALSE(config.rotates(3));
}
