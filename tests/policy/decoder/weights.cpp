#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include <preflearn/backend/cpu.hpp>
#include <preflearn/policy/decoder/weights.hpp>

#include "../families.hpp"
#include "../models.hpp"

using namespace preflearn;
using tiny_weights = decoder_weights<double, cpu_backend>;

TEST_CASE("a layer's weights are parts of the flat vector, and what a family lacks is absent") {
    const transformer_config config = validated(test::grouped());
    tiny_weights w(config);
    const auto layer = w.layer(1);
    const layer_places& at = w.layout().layer(1);
    const auto first = [](const auto& view) { return cpu_backend::host(view).data; };
    const double* const numbers = w.trained().host_values().data();
    CHECK(first(layer.attention_norm.weight) == numbers + at.attention_norm.weight.offset);
    CHECK(first(layer.query_key_value.matrix.trained) == numbers + at.query_key_value.weight.offset);
    CHECK(layer.query_key_value.matrix.rows() == 4 * 6 + 2 * 2 * 6);
    CHECK(layer.query_key_value.bias.absent());
    CHECK(layer.query_norm.weight.absent());
    CHECK(layer.mlp_after_norm.weight.absent());
    CHECK(w.positions().absent());
    CHECK(first(w.gradients(at.down).weight) == w.trained().host_gradients().data() + at.down.weight.offset);
    CHECK(w.gradients(at.down).bias.absent());
    CHECK(first(w.embedding().trained) == numbers);
    CHECK(first(tiny_weights(validated(test::multi_query())).head().trained) != nullptr);
}

TEST_CASE("fresh weights are zero, those of norms one") {
    const tiny_weights w(test::learned_positions());
    for (const tensor_place& tensor : w.layout().tensors())
        for (std::size_t i = 0; i < tensor.size(); ++i)
            REQUIRE(w.trained().host_values()[tensor.offset + i] ==
                    (tensor.is_norm() && tensor.entry.part == tensor_part::weight ? 1 : 0));
}

TEST_CASE("norms of heads are as many as the heads, and a norm that two blocks share is given to both") {
    const auto normed = tiny_weights(test::normed_heads());
    CHECK(normed.layer(0).query_norm.heads == 4);
    CHECK(normed.layer(0).key_norm.heads == 2);
    CHECK(normed.layer(0).attention_norm.heads == 1);
    tiny_weights parallel(test::parallel_blocks());
    const auto layer = parallel.layer(0);
    CHECK(cpu_backend::host(layer.mlp_norm.weight).data == cpu_backend::host(layer.attention_norm.weight).data);
    const auto gradients = parallel.layer_gradients_of(0);
    CHECK(cpu_backend::host(gradients.mlp_norm.weight).data == cpu_backend::host(gradients.attention_norm.weight).data);
}

TEST_CASE("logits take the family's factor before its cap") {
    CHECK(tiny_weights(validated(test::grouped())).logits().is_identity());
    transformer_config config = test::normed_heads();
    config.logit_scale = 0.5;
    const auto logits = tiny_weights(config).logits();
    CHECK(logits(3, 0) == doctest::Approx(2 * std::tanh(0.5 * 3 / 2)).epsilon(1e-14));
    CHECK(tiny_weights(test::parallel_blocks()).logits()(3, 0) == doctest::Approx(2.1).epsilon(1e-14));
}

TEST_CASE("backward passes know how far down there is something to learn") {
    const transformer_config config = validated(test::grouped());
    const auto zeros = [](std::size_t rows, std::size_t columns) {
        return stored_numbers(std::vector<double>(rows * columns), rows, columns);
    };
    CHECK(tiny_weights(config).first_trained_layer() == 0);
    CHECK(tiny_weights(config).trains_embedding());
    tiny_weights above(config, {{0, zeros(19, 12)}});
    CHECK(!above.trains_embedding());
    CHECK(above.gradient(above.layout().embedding().weight).absent());
    CHECK(above.first_trained_layer() == 0);
    CHECK(above.trained_offset(above.layout().tensors()[1]) == 0);
    frozen_tensors first_layer{{0, zeros(19, 12)}};
    for (std::size_t t = 1; t < 10; ++t) {
        const tensor_place& tensor = above.layout().tensors()[t];
        first_layer.emplace(t, zeros(tensor.rows, tensor.columns));
    }
    CHECK(tiny_weights(config, first_layer).first_trained_layer() == 1);
    // forward, to what is below, and to the weights: two operations each for every weight of the layers' products
    std::vector<double> of_layer(config.layers);
    for (std::size_t l = 0; l < config.layers; ++l) {
        const layer_places& at = above.layout().layer(l);
        for (const weight_place* p : {&at.query_key_value, &at.attention_output, &at.gate_up, &at.down})
            of_layer[l] += static_cast<double>(p->weight.size());
    }
    const double all = std::accumulate(of_layer.begin(), of_layer.end(), 0.0);
    CHECK(tiny_weights(config).operations_per_token() == 6 * all);
    CHECK(tiny_weights(config, first_layer).operations_per_token() == 6 * all - 4 * of_layer[0]);
}
