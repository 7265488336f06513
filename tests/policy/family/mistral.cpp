#include <doctest/doctest.h>

#include "../golden.hpp"

using namespace preflearn;

TEST_CASE("a small Mistral, whose queries see a window of four keys, has transformers' values") {
    test::check_family("mistral", families::mistral);
    CHECK(read_config_json(test::golden_folder("mistral") / "config.json").window == 4);
}
