#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <string>

#include <preflearn/policy/decoder/layout.hpp>

#include "../models.hpp"

using namespace preflearn;

TEST_CASE("tensors tile the flat vector without gaps, and its length is the count of the formula") {
    for (const transformer_config& config : {validated(test::grouped()), validated(test::multi_query())}) {
        const decoder_layout l(config);
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
        CHECK(l.layer(1).down.weight.offset - l.layer(0).down.weight.offset == layer);
        CHECK(l.tensors().size() == 9 * config.layers + 1 + tables);
    }
}

TEST_CASE("query, key and value are one matrix in every layer, as are gate and up") {
    const transformer_config config = validated(test::grouped());
    const decoder_layout l(config);
    for (const tensor_place& place : l.tensors()) {
        if (before_layers(place.entry.role) || after_layers(place.entry.role)) continue;
        const layer_places& layer = l.layer(place.layer);
        const weight_block& qkv = layer.query_key_value.weight;
        CHECK(qkv.rows == config.query_size() + 2 * config.key_value_size());
        CHECK(qkv.columns == config.hidden_size);
        CHECK_FALSE(layer.query_key_value.bias.present());
        CHECK_FALSE(layer.query_norm.present());
        switch (place.entry.role) {
        case tensor_role::query:
            CHECK(place.offset == qkv.offset);
            break;
        case tensor_role::key:
            CHECK(place.offset == qkv.offset + config.query_size() * config.hidden_size);
            break;
        case tensor_role::value:
            CHECK(place.offset == qkv.offset + (config.query_size() + config.key_value_size()) * config.hidden_size);
            break;
        case tensor_role::up:
            CHECK(place.offset == layer.gate_up.weight.offset + config.intermediate_size * config.hidden_size);
            CHECK(layer.gate_up.weight.rows == 2 * config.intermediate_size);
            break;
        case tensor_role::attention_norm:
            CHECK(place.offset == layer.attention_norm.weight.offset);
            CHECK(place.is_vector());
            CHECK(place.rows == 1);
            CHECK(place.initial_value() == 1);
            break;
        case tensor_role::mlp_norm:
            CHECK(place.offset == layer.mlp_norm.weight.offset);
            break;
        case tensor_role::attention_output:
            CHECK(place.offset == layer.attention_output.weight.offset);
            CHECK(place.columns == config.query_size());
            break;
        case tensor_role::down:
            CHECK(place.offset == layer.down.weight.offset);
            CHECK(place.rows == config.hidden_size);
            break;
        default:
            break;
        }
    }
}

TEST_CASE("a tied head is the embedding; an untied one is the last tensor") {
    const decoder_layout tied(validated(test::multi_query())), untied(validated(test::grouped()));
    CHECK(tied.head().weight.offset == tied.embedding().weight.offset);
    CHECK(tied.tensors().back().entry.role == tensor_role::final_norm);
    CHECK(untied.head().weight.offset == untied.tensors().back().offset);
    CHECK(untied.tensors().back().entry.role == tensor_role::head);
}

TEST_CASE("a model without layers is an embedding and a norm, and an absurd one is refused before any allocation") {
    transformer_config config = test::grouped();
    config.layers = 0;
    CHECK(decoder_layout(validated(config)).tensors().size() == 3);
    config.layers = 4096;
    config.vocabulary_size = config.intermediate_size = config.hidden_size = std::size_t{1} << 24;
    CHECK_THROWS_WITH_AS(decoder_layout{validated(config)}, doctest::Contains("more than"), argument_error);
}

TEST_CASE("a family whose table is out of order, or lacks what every decoder has, is refused by name") {
    const auto refuses = [](auto change, const char* text) {
        static std::array<tensor_entry, families::llama_tables::tensors.size()> table;
        table = families::llama_tables::tensors;
        change(table);
        transformer_config config = test::grouped();
        config.family.tensors = table;
        CHECK_THROWS_WITH_AS(decoder_layout{validated(config)}, doctest::Contains(text), argument_error);
    };
    refuses([](auto& t) { std::swap(t[2], t[4]); }, "'model.layers.{}.self_attn.k_proj.weight' is out of order");
    refuses([](auto& t) { std::swap(t[4], t[5]); }, "'model.layers.{}.self_attn.v_proj.weight' is out of order");
    refuses([](auto& t) { t[4].role = tensor_role::mlp_after_norm; }, "'llama': its table has no query, key and value");
    refuses([](auto& t) { t[9].role = tensor_role::mlp_after_norm; }, "its table has no MLP");
    refuses([](auto& t) { t[10].role = tensor_role::mlp_after_norm; }, "its table has no final norm");
}

TEST_CASE("a name with a place for the layer gets its number") {
    CHECK(layer_name("model.layers.{}.mlp.up_proj.weight", 12) == "model.layers.12.mlp.up_proj.weight");
    CHECK(layer_name("model.norm.weight", 3) == "model.norm.weight");
}
