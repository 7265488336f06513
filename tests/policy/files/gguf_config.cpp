#include <doctest/doctest.h>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/policy/files/gguf_config.hpp>

#include "../../files.hpp"
#include "../golden.hpp"

using namespace preflearn;

TEST_CASE("metadata of another model do not describe this one") {
    const checkpoint_file file = read_gguf(test::golden_folder("llama") / "model.gguf");
    transformer_config config = read_gguf_config(file);
    check_gguf_config(file, config);
    config.norm_epsilon *= 2;
    CHECK(test::contains(test::error_of([&] { check_gguf_config(file, config); }), "cannot say all"));
    config = read_gguf_config(file);
    config.window = 8;
    CHECK(test::contains(test::error_of([&] { check_gguf_config(file, config); }), "cannot say all"));
}
