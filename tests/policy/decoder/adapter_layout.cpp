#include <doctest/doctest.h>

#include <cstddef>

#include <preflearn/policy/decoder/adapter_layout.hpp>

#include "../families.hpp"
#include "../models.hpp"

using namespace preflearn;

TEST_CASE("the A of matrices that read one input stand one below the other, then their B") {
    const decoder_layout layout(validated(test::grouped()));
    const adapter_layout adapters(layout, {.tensors = {{.tensor = 4, .rank = 3}, {.tensor = 2, .rank = 2}}});
    REQUIRE(adapters.products().size() == 1);
    const adapted_product& product = adapters.products()[0];
    CHECK(adapters.find(layout.layer(0).query_key_value.weight) == &product);
    CHECK(adapters.find(layout.layer(1).query_key_value.weight) == nullptr);
    CHECK(adapters.find(layout.layer(0).attention_output.weight) == nullptr);
    CHECK(product.down.rows == 5);
    CHECK(product.down.columns == 12);
    CHECK(product.count == 2);
    CHECK(product.parts[0].first == 0);
    CHECK(product.parts[1].first == 24 + 12); // the values
    CHECK(product.parts[0].up.offset == 5 * 12);
    CHECK(product.parts[1].up.offset == 5 * 12 + 24 * 2);
    CHECK(adapters.size() == 5 * 12 + 24 * 2 + 12 * 3);
    CHECK(adapters.first_layer() == 0);
    CHECK(adapters.find(4) == &product.parts[1]);
    CHECK(adapters.find(3) == nullptr);
    CHECK(adapter_layout().empty());
    CHECK(adapter_layout().first_layer() > 100);
}

TEST_CASE("dropout of a product is the same whatever else has an adapter") {
    const decoder_layout layout(validated(test::grouped()));
    const adapter_layout one(layout, {.tensors = {{.tensor = 8, .rank = 3}}}),
        more(layout, {.tensors = {{.tensor = 2}, {.tensor = 8}, {.tensor = 11}}});
    REQUIRE(more.products().size() == 3);
    CHECK(one.products()[0].stream == more.products()[1].stream);
    CHECK(more.products()[0].stream != more.products()[1].stream);
    CHECK(more.products()[0].stream != more.products()[2].stream);
}

TEST_CASE("only matrices of attention and MLP have adapters, and each one") {
    const decoder_layout layout(validated(test::grouped()));
    const auto make = [&](std::vector<adapted_tensor> tensors) { (void)adapter_layout(layout, {std::move(tensors)}); };
    CHECK_THROWS_WITH_AS(make({{.tensor = 0}}), "adapter: model.embed_tokens.weight is no matrix of attention or MLP",
                         argument_error);
    CHECK_THROWS_AS(make({{.tensor = 1}}), argument_error); // a norm
    CHECK_THROWS_WITH_AS(make({{.tensor = 3}, {.tensor = 3}}), "adapter: tensor 3 has two", argument_error);
    CHECK_THROWS_WITH_AS(make({{.tensor = 1000}}), "adapter: the model has 21 tensors, found number 1000",
                         argument_error);
}
