#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include <preflearn/checkpoint/tensor.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/files/tensor_forms.hpp>

#include "../models.hpp"

using namespace preflearn;

TEST_CASE("every form in which a file keeps a tensor is undone by reading, trained or frozen") {
    const transformer_config config = validated(test::grouped());
    const decoder_layout layout(config);
    for (const tensor_place& place : layout.tensors()) {
        const bool query = place.entry.role == tensor_role::query;
        for (const stored_form form :
             {stored_form::plain, stored_form::transposed, stored_form::interleaved, stored_form::less_one}) {
            if (form == stored_form::interleaved && !query) continue;
            std::vector<double> values(place.size()), again(values.size());
            for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i) / 4;
            const std::vector<double> stored = as_stored(std::span<const double>(values), form, place, config);
            const auto shape = stored_shape(form, place);
            const tensor_view tensor{
                .name = "t", .type = element_type::f64, .shape = shape, .bytes = std::as_bytes(std::span(stored))};
            read_stored(tensor, form, place, config, std::span(again));
            CHECK(again == values);
            if (place.is_vector()) continue;
            const stored_matrix frozen = as_frozen<double>(tensor, form, place, config, nullptr);
            read_rows(frozen, 0, matrix_view<double>(again.data(), place.rows, place.columns));
            CHECK(again == values);
        }
    }
}

TEST_CASE("the rows of llama.cpp's rotary layout and of heads side by side are all there, once") {
    const transformer_config config = validated(test::grouped());
    for (const stored_form form : {stored_form::interleaved, stored_form::by_head}) {
        const std::size_t rows = form == stored_form::by_head ? 3 * config.query_size() : config.query_size();
        std::vector<bool> seen(rows);
        for (std::size_t r = 0; r < rows; ++r) {
            REQUIRE(stored_row(form, r, config) < rows);
            seen[stored_row(form, r, config)] = true;
        }
        CHECK(std::ranges::all_of(seen, [](bool s) { return s; }));
    }
}

TEST_CASE("a frozen matrix that stands in another order in the file keeps the file's type") {
    transformer_config config = validated(test::grouped());
    config.key_value_heads = config.heads; // query, key and value of a head side by side
    const std::size_t rows = 3 * config.query_size(), columns = 32;
    for (const element_type type : {element_type::bf16, element_type::q8_0}) {
        for (const stored_form form : {stored_form::by_head, stored_form::transposed}) {
            if (form == stored_form::transposed && type == element_type::q8_0) continue; // rows are blocks
            tensor_place place = decoder_layout(config).tensors().front();
            place.rows = rows;
            place.columns = columns;
            REQUIRE(!place.is_vector());
            std::vector<std::byte> bytes(bytes_of(type, rows * columns));
            for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 37 & 0x3f);
            const tensor_view tensor{.name = "t", .type = type, .shape = stored_shape(form, place), .bytes = bytes};
            std::vector<float> expected(rows * columns), found(expected.size());
            read_stored(tensor, form, place, config, std::span(expected));
            const stored_matrix frozen = as_frozen<float>(tensor, form, place, config, nullptr);
            CHECK(frozen.type == type);
            read_rows(frozen, 0, matrix_view<float>(found.data(), rows, columns));
            CHECK(found == expected);
        }
    }
}
