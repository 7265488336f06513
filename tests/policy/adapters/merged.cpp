#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>

#include <preflearn/policy/adapters/merged.hpp>
#include <preflearn/policy/files/load.hpp>

#include "../../files.hpp"
#include "../families.hpp"
#include "../models.hpp"
#include "adapters.hpp"

using namespace preflearn;
using decoder_model = transformer<double>;

TEST_CASE("a merged model computes what the adapter does, shares what has none, and can have another") {
    for (const transformer_config& config :
         {validated(test::grouped()), test::learned_positions(), test::parallel_blocks()}) {
        const decoder_model m = test::adapted_model(config, {.rank = 2, .alpha = 3, .layers = {1}});
        const decoder_model plain = merged(m);
        CHECK(plain.weights().adapters().empty());
        const auto c = test::mixed();
        const auto expected = m.log_probs(c.views()), found = plain.log_probs(c.views());
        CHECK(m.without_adapter().log_probs(c.views()) != expected);
        for (std::size_t i = 0; i < expected.size(); ++i) CHECK(std::abs(found[i] - expected[i]) < 1e-12);
        CHECK(plain.weights().frozen(0).bytes.data() == m.weights().frozen(0).bytes.data());
        CHECK(with_adapter(plain, {.rank = 1}).log_probs(c.views()) == found);
    }
}

TEST_CASE("a saved model has its adapter merged") {
    const test::folder folder;
    const decoder_model m = test::adapted_model(test::grouped(), {.rank = 2});
    save_transformer(m, folder.path());
    const auto again = load_transformer<double>(folder.path());
    const auto c = test::mixed();
    CHECK(again.log_probs(c.views()) == merged(m).log_probs(c.views()));
}
