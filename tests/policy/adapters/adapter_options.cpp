#include <doctest/doctest.h>

#include <cstddef>
#include <limits>
#include <string>

#include <preflearn/policy/adapters/adapter_options.hpp>

#include "../../files.hpp"
#include "../families.hpp"
#include "../models.hpp"

using namespace preflearn;

namespace {

decoder_adapters chosen_by(const adapter_options& options) {
    return adapters_of(decoder_layout(validated(test::grouped())), 2, options);
}
std::string refused_options(const adapter_options& options) {
    return test::error_of(
        [&] { (void)adapter_layout(decoder_layout(validated(test::grouped())), chosen_by(options)); });
}

} // namespace

TEST_CASE("a target names a module whole or by its last parts") {
    CHECK(names_module("q_proj", "model.layers.0.self_attn.q_proj"));
    CHECK(names_module("self_attn.q_proj", "model.layers.0.self_attn.q_proj"));
    CHECK(names_module("model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.q_proj"));
    CHECK(!names_module("proj", "model.layers.0.self_attn.q_proj"));
    CHECK(!names_module("q_proj", "model.layers.0.self_attn.k_proj"));
    CHECK(!names_module("", "q_proj"));
}

TEST_CASE("targets and layers choose modules; by default all matrices of attention and MLP have an adapter") {
    CHECK(chosen_by({}).tensors.size() == 14);
    CHECK(chosen_by({.targets = {"q_proj", "v_proj"}}).tensors.size() == 4);
    CHECK(chosen_by({.targets = {"layers.1.mlp.up_proj"}}).tensors.size() == 1);
    CHECK(chosen_by({.layers = {1}}).tensors.size() == 7);
    const decoder_adapters some = chosen_by({.rank = 3, .alpha = 5, .dropout = 0.1, .rank_stabilised = true});
    CHECK(some.tensors[0].rank == 3);
    CHECK(some.tensors[0].alpha == 5);
    CHECK(some.dropout == 0.1);
    CHECK(some.rank_stabilised);
    CHECK(adaptable_modules(decoder_layout(test::parallel_blocks())) == "qkv, o, up, down");
}

TEST_CASE("options that do not fit are refused by name") {
    CHECK(refused_options({}).empty());
    CHECK(refused_options({.targets = {"c_attn"}}) ==
          "adapter_options.targets: \"c_attn\" names no matrix of attention or MLP; this model has \"all-linear\" or "
          "q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj");
    CHECK(refused_options({.targets = {"lm_head"}}).find("\"lm_head\" names no matrix") != std::string::npos);
    CHECK(refused_options({.targets = {}}).find("found none (q_proj") != std::string::npos);
    CHECK(refused_options({.layers = {2}}) == "adapter_options.layers: the model has layers 0 to 1, found 2");
    CHECK(refused_options({.rank = 0}) == "adapter_options.rank: at least 1 was expected, found 0");
    CHECK(refused_options({.alpha = std::numeric_limits<double>::infinity()}).find("a finite alpha was expected") !=
          std::string::npos);
    CHECK(refused_options({.dropout = 1}).find("a dropout from 0 to below 1 was expected, found 1") !=
          std::string::npos);
    CHECK(refused_options({.dropout = -0.1}).find("found -0.1") != std::string::npos);
}
