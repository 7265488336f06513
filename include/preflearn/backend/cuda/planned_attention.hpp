/// \file
/// The attention of one batch on the device: the tiles of its plan (attention_tiles.hpp), put there once for all layers
/// that attend alike.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include <preflearn/backend/cuda/array.hpp>
#include <preflearn/backend/cuda/attention_tiles.hpp>
#include <preflearn/backend/cuda/device.hpp>
#include <preflearn/backend/cuda/memory.hpp>
#include <preflearn/backend/cuda/operations.hpp>
#include <preflearn/backend/operands.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn::cuda {

template <Element E> class planned_attention {
  public:
    /// \throws argument_error when query heads cannot share the key heads evenly, or a backward pass is asked for
    planned_attention(const attention_plan& plan, const attention_shape& shape, bool backward)
        : launch_(launch_of(shape)) {
        require(!backward, "attention on a CUDA device has no backward pass: models learn on the processor");
        const attention_tiles batch(plan, attention_tile_queries<E>(launch_));
        count_ = batch.tiles.size();
        parts_ = share_keys(batch, launch_, properties_of_this_device().multiprocessors);
        for (const row_segment& s : plan.segments) {
            const std::size_t own = plan.keys == own_keys::after_prefix ? s.prefix_row + s.prefix_length : s.row;
            query_rows_ = std::max(query_rows_, s.row + s.length);
            key_rows_ = std::max({key_rows_, own + s.length, s.prefix_row + s.prefix_length});
        }
        tiles_ = copied_to_device(std::span<const attention_tile>(batch.tiles));
    }

    /// The mixed values of every row and head, and, where they are wanted, log Σ exp of its scores, rows × heads.
    /// \throws argument_error when the shapes are not those of the plan
    void attend(device_rows<const E> queries, device_rows<const E> keys_values, device_rows<E> mixed,
                float* normaliser) {
        const std::size_t width = std::size_t{launch_.heads} * launch_.dim,
                          keys_width = std::size_t{2} * launch_.key_value_heads * launch_.dim;
        require(queries.columns == width && keys_values.columns == keys_width, "attention: queries of width ", width,
                " and keys with values of width ", keys_width, " were expected, found ", queries.columns, " and ",
                keys_values.columns);
        require(queries.rows >= query_rows_ && mixed.rows == queries.rows && mixed.columns == width &&
                    keys_values.rows >= key_rows_,
                "attention: ", query_rows_, " rows of queries and ", key_rows_, " of keys were planned, found ",
                queries.rows, " and ", keys_values.rows, ", for ", mixed.rows, " x ", mixed.columns, " mixed values");
        if (const std::size_t floats = partial_floats(parts_, launch_, queries.rows); partial_.size() < floats)
            partial_ = device_buffer<float>(floats);
        parts_.partial = partial_.data();
        cuda::attend(tiles_.data(), count_, launch_, queries, keys_values, mixed, normaliser, compute_stream(), parts_);
    }

  private:
    attention_launch launch_;
    attention_parts parts_;
    std::size_t count_ = 0, query_rows_ = 0, key_rows_ = 0;
    device_buffer<attention_tile> tiles_;
    device_buffer<float> partial_;
};

} // namespace preflearn::cuda
