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

TEST_CASE("the last layers are counted from a model's own number of them") {
    const transformer_config config = validated(test::multi_query()); // of three layers
    const trained_tensors last = trained_tensors::last(1).of(config.layers);
    CHECK(last.first_layer == 2);
    const name_list names = trained_names(config, last);
    CHECK(names.size() == 10);
    CHECK(names.front() == "model.layers.2.input_layernorm.weight");
    CHECK(names.back() == "model.norm.weight");
    CHECK(trained_tensors{}.of(3).first_layer == 0);
    CHECK_THROWS_WITH_AS((void)trained_tensors::last(4).of(3),
                         "trained_tensors.last_layers: the model has 3 layers, found 4", argument_error);
    CHECK_THROWS_AS((void)trained_names(config, trained_tensors::last(1)), argument_error);
}

TEST_CASE("what is trained has a name") {
    CHECK(trained_tensors_named("all").embedding);
    CHECK(trained_tensors_named("last:12").last_layers == 12);
    CHECK(trained_names(validated(test::grouped()), trained_tensors_named("head")) == name_list{"lm_head.weight"});
    CHECK(trained_tensors_named("head").own_head);
    for (const char* const wrong : {"", "last", "last:", "last:0", "last:-1", "last:2x", "lasts:2", "none"})
        CHECK_THROWS_WITH_AS((void)trained_tensors_named(wrong), doctest::Contains("\"last:K\" with K layers was"),
                             argument_error);
}
