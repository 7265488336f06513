/// \file
/// A tensor of a model as plain numbers, whether it is trained, frozen in any type, or has an adapter: what is written
/// to files. W + scale · B A is taken in the model's own type, as PEFT does.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/stored/stored_matrix.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/policy/decoder/adapter_layout.hpp>
#include <preflearn/policy/decoder/layout.hpp>

namespace preflearn {

/// The numbers of tensor `number` of the layout as the model computes with them, its adapter merged.
template <class Model> std::vector<typename Model::scalar> merged_tensor(const Model& model, std::size_t number) {
    using scalar = typename Model::scalar;
    const auto& weights = model.weights();
    const tensor_place& place = model.layout().tensors()[number];
    std::vector<scalar> values;
    if (const std::optional<std::size_t> at = weights.trained_offset(place)) {
        values = model.read_parameters(*at, place.size());
    } else {
        values.resize(place.size());
        parallel_blocks(place.rows, 1 + 65536 / place.columns, [&](std::size_t begin, std::size_t end) {
            read_rows(weights.frozen(number), begin,
                      matrix_view<scalar>(&values[begin * place.columns], end - begin, place.columns));
        });
    }
    const adapter_place* const part = weights.adapters().find(number);
    if (part == nullptr) return values;
    const auto numbers = [&](const weight_block& block) {
        return model.read_parameters(weights.adapter_offset(block), block.size());
    };
    const std::vector<scalar> of_down = numbers(part->down), of_up = numbers(part->up);
    const matrix_view<const scalar> down(of_down.data(), part->down.rows, part->down.columns),
        up(of_up.data(), part->up.rows, part->up.columns);
    const auto scale = static_cast<scalar>(part->scale);
    parallel_blocks(place.rows, 1 + 65536 / place.columns, [&](std::size_t begin, std::size_t end) {
        std::vector<scalar> row(place.columns);
        for (std::size_t r = begin; r < end; ++r) {
            row.assign(place.columns, scalar(0));
            for (std::size_t k = 0; k < down.rows; ++k)
                for (std::size_t c = 0; c < row.size(); ++c) row[c] += up(r, k) * down(k, c);
            for (std::size_t c = 0; c < row.size(); ++c) values[r * place.columns + c] += scale * row[c];
        }
    });
    return values;
}

} // namespace preflearn
