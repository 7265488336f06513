#include <doctest/doctest.h>

#include <cstddef>
#include <set>

#include <preflearn/backend/cpu/backend.hpp>
#include <preflearn/policy/decoder/kept_rows.hpp>

#include "../models.hpp"

using namespace preflearn;
using arrays = activations<float, cpu_backend>;

TEST_CASE("with a backward pass to come, layers share nothing but the rows that flow from one into the next") {
    const transformer_config config = validated(test::multi_query());
    arrays kept(config, 9, 4, true);
    std::set<const float*> seen;
    for (std::size_t number = 0; number < config.layers; ++number) {
        const layer_rows<float> rows = kept.layer(number, 9);
        CHECK(rows.input.data == kept.stream(number, 9).data);
        CHECK(rows.output.data == kept.stream(number + 1, 9).data);
        for (const float* array : {rows.input.data, rows.query_key_value.data, rows.mixed.data, rows.middle.data,
                                   rows.gate_up.data, rows.attention_inverse}) {
            CHECK(seen.insert(array).second);
        }
    }
}

TEST_CASE("without one, all layers work in place on one set of arrays") {
    const transformer_config config = validated(test::multi_query());
    arrays shared(config, 9, 4, false);
    const layer_rows<float> first = shared.layer(0, 9), last = shared.layer(config.layers - 1, 9);
    CHECK(first.input.data == first.output.data);
    CHECK(first.input.data == first.middle.data);
    CHECK(first.query_key_value.data == last.query_key_value.data);
    CHECK(first.gate_up.data == last.gate_up.data);
}

TEST_CASE("shapes follow the configuration, and fewer rows than there is room for leave no gaps") {
    const transformer_config config = validated(test::grouped());
    arrays some(config, 9, 4, false);
    const layer_rows<float> rows = some.layer(1, 5);
    CHECK(rows.input.rows == 5);
    CHECK(rows.input.columns == 12);
    CHECK(rows.query_key_value.columns == 4 * 6 + 2 * 2 * 6);
    CHECK(rows.mixed.columns == 4 * 6);
    CHECK(rows.gate_up.columns == 2 * 10);
    CHECK(rows.mlp_inverse == rows.attention_inverse + 5);
    CHECK(rows.normaliser == rows.mlp_inverse + 5);
    CHECK(some.hidden.view().rows == 4);
    CHECK(some.final_inverse.size() == 4);
    CHECK(arrays::row_bytes(config) > sizeof(float) * (12 + 48 + 24 + 20));
}
