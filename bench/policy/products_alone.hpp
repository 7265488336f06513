/// \file
/// The products of a forward pass alone, by oneDNN, with a model's weights: what a pass would take if it took no time
/// for anything else.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include <preflearn/backend/cpu/onednn.hpp>
#include <preflearn/policy/transformer.hpp>

/// Over `rows` rows, of which `wanted` go through the head.
template <class Backend> class products_alone {
  public:
    products_alone(const preflearn::transformer<float, Backend>& model, std::size_t rows, std::size_t wanted)
        : model_(model), wanted_(wanted), x_(rows, widest(model.config())), y_(rows, widest(model.config())),
          logits_(wanted, preflearn::vocabulary_tiles::tokens_at_most) {
        Backend::fill(x_.view(), 0.5F);
    }
    void run() {
        using preflearn::store, preflearn::vocabulary_tiles;
        for (std::size_t number = 0; number < model_.config().layers; ++number) {
            const auto w = model_.weights().layer(number);
            for (const auto* map : {&w.query_key_value, &w.attention_output, &w.gate_up, &w.down})
                Backend::linear(x_.view().column_block(0, map->matrix.columns()), *map,
                                y_.view().column_block(0, map->matrix.rows()), store::replace);
        }
        const auto head = model_.weights().head();
        const auto& stored = head.stored.front();
        const auto x = Backend::host(std::as_const(x_).view().row_block(0, wanted_).column_block(0, stored.columns));
        for (std::size_t token = 0; token < stored.rows; token += vocabulary_tiles::tokens_at_most)
            products_of<Backend>::type::multiply_columns(
                x, head.stored, token,
                Backend::host(logits_.view())
                    .column_block(0, std::min(vocabulary_tiles::tokens_at_most, stored.rows - token)),
                store::replace);
    }

  private:
    template <class B> struct products_of;
    template <class Products> struct products_of<preflearn::processor_backend<Products>> { using type = Products; };
    static std::size_t widest(const preflearn::transformer_config& c) {
        return std::max({c.hidden_size, 2 * c.intermediate_size, c.query_size() + 2 * c.key_value_size()});
    }

    const preflearn::transformer<float, Backend>& model_;
    std::size_t wanted_;
    typename Backend::template array<float> x_, y_, logits_;
};
