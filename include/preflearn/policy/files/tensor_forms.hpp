/// \file
/// Tensors between the forms in which files keep them and their place in a model's flat vector.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/checkpoint/tensor.hpp>
#include <preflearn/core/stored/stored_matrix.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/family/decoder_family.hpp>

namespace preflearn {

/// The row of a file's tensor that holds row `r` of query, key or value.
inline std::size_t stored_row(stored_form form, std::size_t r, const transformer_config& config) {
    const std::size_t dim = config.head_dim, head = r / dim, within = r % dim;
    if (form == stored_form::interleaved) return head * dim + 2 * (within % (dim / 2)) + within / (dim / 2);
    if (form == stored_form::by_head) // head h's query, key and value, where these are heads h, H + h, 2H + h
        return (head % config.heads * 3 + head / config.heads) * dim + within;
    return r;
}

/// The shape of a tensor in a file.
inline std::vector<std::size_t> stored_shape(stored_form form, const tensor_place& place) {
    if (form == stored_form::transposed && !place.is_vector()) return {place.columns, place.rows};
    return place.shape();
}

/// Converts (dequantises, where need be) a file's tensor of that form and shape to the numbers of its place.
template <std::floating_point T>
void read_stored(const tensor_view& tensor, stored_form form, const tensor_place& place,
                 const transformer_config& config, std::span<T> values) {
    const bool vector = place.is_vector(); // one entry a row
    const std::size_t rows = vector ? place.columns : place.rows, columns = vector ? 1 : place.columns;
    if (form == stored_form::transposed && !vector) {
        parallel_blocks(columns, 1 + 65536 / rows, [&](std::size_t begin, std::size_t end) {
            std::vector<T> line(rows);
            for (std::size_t c = begin; c < end; ++c) {
                read_values(tensor, c * rows, std::span(line));
                for (std::size_t r = 0; r < rows; ++r) values[r * columns + c] = line[r];
            }
        });
        return;
    }
    const bool in_order = form != stored_form::interleaved && form != stored_form::by_head;
    parallel_blocks(rows, 1 + 65536 / columns, [&](std::size_t begin, std::size_t end) {
        const std::span<T> block = values.subspan(begin * columns, (end - begin) * columns);
        if (in_order) {
            read_values(tensor, begin * columns, block);
        } else {
            for (std::size_t r = begin; r < end; ++r)
                read_values(tensor, stored_row(form, r, config) * columns,
                            block.subspan((r - begin) * columns, columns));
        }
        if (form == stored_form::less_one)
            for (T& value : block) value += 1;
    });
}

/// A matrix whose rows or elements stand in another order in the file, in memory of its own and in the file's type.
/// A transposed one has elements of one number.
inline stored_matrix rearranged(const tensor_view& tensor, stored_form form, const tensor_place& place,
                                const transformer_config& config) {
    const auto owner = std::make_shared<std::vector<std::byte>>(tensor.bytes.size());
    stored_matrix matrix{
        .type = tensor.type, .rows = place.rows, .columns = place.columns, .bytes = *owner, .owner = owner};
    const std::size_t row_bytes = matrix.row_bytes(), size = block_bytes(tensor.type);
    parallel_blocks(place.rows, 1 + 65536 / (1 + row_bytes), [&](std::size_t begin, std::size_t end) {
        for (std::size_t r = begin; r < end; ++r) {
            std::byte* const to = owner->data() + r * row_bytes;
            if (form != stored_form::transposed)
                std::memcpy(to, tensor.bytes.data() + stored_row(form, r, config) * row_bytes, row_bytes);
            else
                for (std::size_t c = 0; c < place.columns; ++c)
                    std::memcpy(to + c * size, tensor.bytes.data() + (c * place.rows + r) * size, size);
        }
    });
    return matrix;
}

/// A file's tensor as a frozen one: its bytes where they lie, which `file` keeps alive; of a form in which they cannot
/// be read row by row, the same numbers in order; or converted numbers.
template <std::floating_point T>
stored_matrix as_frozen(const tensor_view& tensor, stored_form form, const tensor_place& place,
                        const transformer_config& config, std::shared_ptr<const void> file) {
    const bool turned = form == stored_form::interleaved && !place.is_vector();
    if (form == stored_form::plain || turned)
        return {.type = tensor.type,
                .rows = place.rows,
                .columns = place.columns,
                .bytes = tensor.bytes,
                .owner = std::move(file),
                .interleaved = turned ? config.head_dim : 0,
                .mapped = true};
    const bool movable =
        form == stored_form::by_head || (form == stored_form::transposed && block_elements(tensor.type) == 1);
    if (movable && !place.is_vector()) return rearranged(tensor, form, place, config);
    std::vector<T> numbers(place.size());
    read_stored(tensor, form, place, config, std::span<T>(numbers));
    return stored_numbers(std::move(numbers), place.rows, place.columns);
}

/// The numbers of a place as a file of that form keeps them.
template <std::floating_point T>
std::vector<T> as_stored(std::span<const T> values, stored_form form, const tensor_place& place,
                         const transformer_config& config) {
    const bool vector = place.is_vector();
    const std::size_t rows = vector ? place.columns : place.rows, columns = vector ? 1 : place.columns;
    std::vector<T> stored(values.size());
    for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t c = 0; c < columns; ++c) {
            const T value = values[r * columns + c];
            if (form == stored_form::transposed)
                stored[c * rows + r] = value;
            else
                stored[stored_row(form, r, config) * columns + c] = form == stored_form::less_one ? value - 1 : value;
        }
    }
    return stored;
}

} // namespace preflearn
