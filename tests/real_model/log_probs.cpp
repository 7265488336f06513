#include <doctest/doctest.h>

#include <preflearn/policy/files/load.hpp>

#include "golden_pairs.hpp"
#include "models.hpp"

using namespace preflearn;

TEST_CASE("log-probabilities of real pairs under a real model are transformers'") {
    const auto [path, pairs] = test::weak_model_and_pairs();
    if (path.empty()) return;
    const auto m = load_transformer<float>(path);
    CHECK(m.config().tied_embeddings);
    check_golden_pairs(m, test::golden_pairs(pairs));
}
