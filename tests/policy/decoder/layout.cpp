#include <doctest/doctest.h>

#include <cstddef>
#include <string>

#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/family/llama.hpp>

#include "../models.hpp"

using namespace preflearn;
using layout = parameter_layout<llama>;

TEST_CASE("tensors tile the flat vector without gaps, and its length is the count of the formula") {
    for (const transformer_config& config : {validated(test::grouped()), validated(test::multi_query())}) {
        const layout l(config);
        std::size_t end = 0;
        for (const tensor_place& place : l.tensors()) {
            CHECK(place.offset == end);
            end += place.size();
        }
        CHECK(end == l.size());
        const std::size_t layer = 2 * config.hidden_size + 2 * config.hidden_size * config.query_size() +
                                  2 * config.hidden_size * config.key_value_size() +
                                  3 * config.hidden_size * config.intermediate_size;
        const std::size_t tables = config.tied_embeddings ? 1 : 2;
        CHECK(l.size() ==
              config.layers * layer + config.hidden_size + tables * config.vocabulary_size * config.hidden_size);
        CHECK(l.in_layer().size == layer);
        CHECK(l.tensors().size() == 9 * config.layers + 1 + tables);
    }
}

TEST_CASE("query, key and value are one matrix in every layer, as are gate and up") {
    const transformer_config config = validated(test::grouped());
    const layout l(config);
    for (const tensor_place& place : l.tensors()) {
        const std::size_t in_layer = place.offset - l.layer(place.layer);
        switch (place.role) {
        case tensor_role::query:
            CHECK(in_layer == l.in_layer().query_key_value);
            break;
        case tensor_role::key:
            CHECK(in_layer == l.in_layer().query_key_value + config.query_size() * config.hidden_size);
            break;
        case tensor_role::value:
            CHECK(in_layer ==
                  l.in_layer().query_key_value + (config.query_size() + config.key_value_size()) * config.hidden_size);
            break;
        case tensor_role::up:
            CHECK(in_layer == l.in_layer().gate_up + config.intermediate_size * config.hidden_size);
            break;
        case tensor_role::attention_norm:
            CHECK(in_layer == l.in_layer().attention_norm);
            CHECK(place.is_vector);
            CHECK(place.rows == 1);
            break;
        case tensor_role::mlp_norm:
            CHECK(in_layer == l.in_layer().mlp_norm);
            break;
        case tensor_role::attention_output:
            CHECK(in_layer == l.in_layer().attention_output);
            CHECK(place.columns == config.query_size());
            break;
        case tensor_role::down:
            CHECK(in_layer == l.in_layer().down);
            CHECK(place.rows == config.hidden_size);
            break;
        default:
            break;
        }
    }
}

TEST_CASE("a tied head is the embedding; an untied one is the last tensor") {
    const layout tied(validated(test::multi_query())), untied(validated(test::grouped()));
    CHECK(tied.head() == tied.embedding());
    CHECK(tied.tensors().back().role == tensor_role::final_norm);
    CHECK(untied.head() == untied.tensors().back().offset);
    CHECK(untied.tensors().back().role == tensor_role::head);
}

TEST_CASE("a model without layers is an embedding and a norm, and an absurd one is refused before any allocation") {
    transformer_config config = test::grouped();
    config.layers = 0;
    CHECK(layout(validated(config)).tensors().size() == 3);
    config.layers = 4096;
    config.vocabulary_size = config.intermediate_size = config.hidden_size = std::size_t{1} << 24;
    CHECK_THROWS_WITH_AS(layout{validated(config)}, doctest::Contains("more than"), argument_error);
}

TEST_CASE("a name with a place for the layer gets its number") {
    CHECK(layer_name("model.layers.{}.mlp.up_proj.weight", 12) == "model.layers.12.mlp.up_proj.weight");
    CHECK(layer_name("model.norm.weight", 3) == "model.norm.weight");
}
