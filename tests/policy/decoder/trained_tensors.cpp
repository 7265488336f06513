#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include <preflearn/policy/decoder/trained_tensors.hpp>

#include "../families.hpp"
#include "../models.hpp"

using namespace preflearn;

namespace {

/// The names of those that are trained.
std::vector<std::string> trained_names(const transformer_config& config, const trained_tensors& trained) {
    const decoder_layout layout(config);
    std::vector<std::string> names;
    for (const tensor_place& tensor : layout.tensors())
        if (trained.contains(tensor)) names.push_back(layer_name(tensor.entry.hugging_face.name, tensor.layer));
    return names;
}
using name_list = std::vector<std::string>;

} // namespace

TEST_CASE("tensors are chosen by what they are for, biases with their matrices, norms by themselves") {
    const transformer_config config = test::learned_positions();
    const trained_tensors none = trained_tensors::none();
    CHECK(trained_names(config, {}).size() == decoder_layout(config).tensors().size());
    CHECK(trained_names(config, none).empty());
    trained_tensors some = none;
    some.embedding = true;
    CHECK(trained_names(config, some) == name_list{"embedding", "positions"});
    some = none;
    some.mlp = true;
    some.first_layer = 1;
    CHECK(trained_names(config, some) == name_list{"1.up", "1.up_bias", "1.down", "1.down_bias"});
    some.mlp = false;
    some.attention = true;
    CHECK(trained_names(config, some) ==
          name_list{"1.q", "1.k", "1.v", "1.q_bias", "1.k_bias", "1.v_bias", "1.o", "1.o_bias"});
    some.attention = false;
    some.norms = true;
    CHECK(trained_names(config, some) ==
          name_list{"1.norm_1", "1.norm_1_bias", "1.norm_2", "1.norm_2_bias", "norm", "norm_bias"});
}

TEST_CASE("the head is chosen where it is not the embedding; layers below the first are frozen altogether") {
    trained_tensors some = trained_tensors::none();
    some.head = true;
    CHECK(trained_names(validated(test::grouped()), some) == name_list{"lm_head.weight"});
    CHECK(trained_names(validated(test::multi_query()), some).empty());
    CHECK(trained_names(test::parallel_blocks(), {.first_layer = 2}) ==
          name_list{"embedding", "norm", "norm_bias", "head"});
}
