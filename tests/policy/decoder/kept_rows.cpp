#include <doctest/doctest.h>

#include <cstddef>
#include <set>

#include <preflearn/backend/cpu.hpp>
#include <preflearn/policy/decoder/kept_rows.hpp>

#include "../families.hpp"
#include "../models.hpp"

using namespace preflearn;
using arrays = kept_rows<float, cpu_backend>;
using rows_of_layer = layer_rows<float, cpu_backend>;

namespace {

const float* first_of(rows_of_layer::view v) { return cpu_backend::host(v).data; }

} // namespace

TEST_CASE("with a backward pass to come, layers share nothing but the rows that flow from one into the next") {
    for (const transformer_config& config : {validated(test::multi_query()), test::normed_heads()}) {
        arrays kept(config, 9, 4, true);
        std::set<const float*> seen;
        for (std::size_t number = 0; number < config.layers; ++number) {
            const rows_of_layer rows = kept.layer(number, 9);
            CHECK(first_of(rows.input) == first_of(kept.stream(number, 9)));
            CHECK(first_of(rows.output) == first_of(kept.stream(number + 1, 9)));
            const bool more = config.family.find(tensor_role::query_norm) != nullptr;
            CHECK(rows.projected.absent() == !more);
            CHECK(rows.mlp_added.absent() == !more);
            for (const auto& array : {rows.input, rows.query_key_value, rows.mixed, rows.middle, rows.gate_up,
                                      rows.projected, rows.attention_added, rows.mlp_added, rows.attention_statistics,
                                      rows.mlp_statistics, rows.normaliser})
                if (!array.absent()) CHECK(seen.insert(first_of(array)).second);
        }
    }
}

TEST_CASE("without one, all layers work in place on one set of arrays, and what backward would read is absent") {
    const transformer_config config = validated(test::multi_query());
    arrays shared(config, 9, 4, false);
    const rows_of_layer first = shared.layer(0, 9), last = shared.layer(config.layers - 1, 9);
    CHECK(first_of(first.input) == first_of(first.output));
    CHECK(first_of(first.input) == first_of(first.middle));
    CHECK(first_of(first.query_key_value) == first_of(last.query_key_value));
    CHECK(first_of(first.gate_up) == first_of(last.gate_up));
    CHECK(first.attention_statistics.absent());
    CHECK(first.normaliser.absent());
    CHECK(shared.final_statistics.view().absent());
}

TEST_CASE("layers below a backward pass share one set of arrays, and above it each has its own") {
    const transformer_config config = validated(test::multi_query()); // of three layers
    arrays upper(config, 9, 4, kept_layers{.first = 2});
    CHECK(first_of(upper.layer(0, 9).gate_up) == first_of(upper.layer(1, 9).gate_up));
    CHECK(upper.layer(1, 9).normaliser.absent());
    CHECK(first_of(upper.layer(1, 9).output) == first_of(upper.layer(2, 9).input));
    CHECK(first_of(upper.layer(1, 9).output) != first_of(upper.layer(0, 9).output));
    CHECK(!upper.layer(2, 9).normaliser.absent());
    CHECK(first_of(upper.layer(2, 9).gate_up) != first_of(upper.layer(1, 9).gate_up));
    CHECK(!upper.final_statistics.view().absent());
}

TEST_CASE("layers that are run again keep their inputs alone") {
    for (const transformer_config& config : {validated(test::multi_query()), test::normed_heads()}) {
        arrays again(config, 9, 4, kept_layers{.first = 1, .inputs_only = true});
        CHECK(again.inputs_only());
        std::set<const float*> inputs;
        for (std::size_t number = 1; number < config.layers; ++number) {
            rows_of_layer rows = again.layer(number, 9);
            CHECK(inputs.insert(first_of(rows.input)).second);
            CHECK(first_of(rows.middle) != first_of(rows.input));
            CHECK(first_of(rows.gate_up) == first_of(again.layer(1, 9).gate_up));
            CHECK(!rows.normaliser.absent());
            const bool normed = config.family.find(tensor_role::mlp_after_norm) != nullptr;
            CHECK(again.without_output(rows).output.absent() == !normed);
        }
    }
}

TEST_CASE("two blocks that read one input do not overwrite it") {
    const transformer_config config = test::parallel_blocks();
    arrays shared(config, 9, 4, false);
    const rows_of_layer rows = shared.layer(0, 9);
    CHECK(first_of(rows.middle) != first_of(rows.input));
}

TEST_CASE("shapes follow the configuration, and fewer rows than there is room for leave no gaps") {
    const transformer_config config = validated(test::grouped());
    arrays some(config, 9, 4, true);
    const rows_of_layer rows = some.layer(1, 5);
    CHECK(rows.input.rows == 5);
    CHECK(rows.input.columns == 12);
    CHECK(rows.query_key_value.columns == 4 * 6 + 2 * 2 * 6);
    CHECK(rows.mixed.columns == 4 * 6);
    CHECK(rows.gate_up.columns == 2 * 10);
    CHECK(rows.normaliser.columns == 4);
    CHECK(first_of(rows.mlp_statistics) > first_of(rows.attention_statistics));
    CHECK(some.hidden.view().rows == 4);
    CHECK(some.final_statistics.view().rows == 4);
    CHECK(arrays::row_bytes(config) > sizeof(float) * (12 + 48 + 24 + 20));
}
