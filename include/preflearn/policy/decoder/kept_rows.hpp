/// \file
/// The arrays that a run over a packed batch fills. With `keep`, every layer has its own, for the backward pass;
/// without, one set serves all layers in turn and the residual rows are updated in place.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <preflearn/core/matrix_view.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/decoder_layer.hpp>

namespace preflearn {

template <class T, class Backend> class activations {
  public:
    using matrix = typename Backend::template matrix<T>;

    activations() = default;
    /// Room for `rows` rows, of which the final hidden states of `wanted` are computed.
    activations(const transformer_config& config, std::size_t rows, std::size_t wanted, bool keep)
        : final_input(wanted, config.hidden_size), hidden(wanted, config.hidden_size), final_inverse(wanted),
          keep_(keep), stream_(rows, config.hidden_size), layers_(keep ? config.layers : 1) {
        for (stored& s : layers_) {
            if (keep) {
                s.input = matrix(rows, config.hidden_size);
                s.middle = matrix(rows, config.hidden_size);
            }
            s.query_key_value = matrix(rows, config.query_size() + 2 * config.key_value_size());
            s.mixed = matrix(rows, config.query_size());
            s.gate_up = matrix(rows, 2 * config.intermediate_size);
            s.small = matrix(rows, 2 + config.heads);
        }
    }

    /// The residual rows that enter layer `number`; those of number = layers leave the last one.
    [[nodiscard]] matrix_view<T> stream(std::size_t number, std::size_t count) {
        return (keep_ && number < layers_.size() ? layers_[number].input : stream_).view().row_block(0, count);
    }

    /// The first `count` rows of a layer's arrays.
    [[nodiscard]] layer_rows<T> layer(std::size_t number, std::size_t count) {
        stored& s = layers_[keep_ ? number : 0];
        const auto first = [&](matrix& m) { return m.view().row_block(0, count); };
        T* small = s.small.view().data;
        return {.input = stream(number, count),
                .query_key_value = first(s.query_key_value),
                .mixed = first(s.mixed),
                .middle = keep_ ? first(s.middle) : stream(number, count),
                .gate_up = first(s.gate_up),
                .output = stream(number + 1, count),
                .attention_inverse = small,
                .mlp_inverse = small + count,
                .normaliser = small + 2 * count};
    }

    /// Bytes per row of a run that keeps nothing, working memory included.
    static std::size_t row_bytes(const transformer_config& c) {
        return sizeof(T) * (4 * c.hidden_size + 2 * c.query_size() + 2 * c.key_value_size() + 3 * c.intermediate_size +
                            c.heads + 2);
    }

    matrix final_input, hidden;   ///< of the wanted rows, before and after the final norm
    std::vector<T> final_inverse; ///< 1 / rms of the wanted rows

  private:
    struct stored {
        matrix input, query_key_value, mixed, middle, gate_up, small;
    };
    bool keep_ = false;
    matrix stream_;
    std::vector<stored> layers_;
};

} // namespace preflearn
