#include <doctest/doctest.h>

#include <vector>

#include <preflearn/policy/files/load.hpp>

#include "golden.hpp"

using namespace preflearn;

TEST_CASE("a small Llama loaded from a Hugging Face folder has transformers' log-probabilities and gradients") {
    auto m = load_transformer<double>(test::golden_folder() / "tiny_llama");
    CHECK(m.config().end_tokens == std::vector<token_id>{21, 22});
    test::check_golden(m, "tiny_llama", 1e-10, 1e-9);
}
