/// \file
/// What a low-rank adapter adds to a product (LoRA: Hu et al. 2022, arXiv:2106.09685): two thin products. Parts read
/// one input, so the first is of all of them.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include <preflearn/backend/cuda/array.hpp>
#include <preflearn/backend/cuda/gemm.hpp>
#include <preflearn/backend/cuda/operations.hpp>
#include <preflearn/backend/cuda/stream.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn::cuda {

/// See low_rank_map.
template <Element E> struct low_rank {
    struct part {
        std::size_t first = 0; ///< of its outputs
        device_rows<const E> up{};
        float scale = 1;
    };
    device_rows<const E> down{}; ///< of all parts, one below the other
    std::vector<part> parts{};
};

/// y += scale · (x Aᵀ) Bᵀ of every part. \throws argument_error when the shapes do not fit
template <class G, Element E> void add_low_rank(device_rows<const E> x, const low_rank<E>& adapter, device_rows<E> y) {
    device_matrix<E> room(x.rows, adapter.down.rows);
    const device_rows<E> t = room.rows();
    multiply_rows<G, E, E>(x, adapter.down, t, compute_stream());
    std::size_t at = 0;
    for (const auto& [first, up, scale] : adapter.parts) {
        require(at + up.columns <= t.columns && first + up.rows <= y.columns, "adapter: a part of ", up.rows,
                " outputs from ", first, " on and rank ", up.columns, " does not fit ", y.columns,
                " outputs and ranks of ", t.columns, " together");
        multiply_rows<G, E, E>(some_columns<const E>(t, at, up.columns), up, some_columns(y, first, up.rows),
                               compute_stream(), {.alpha = scale, .beta = 1});
        at += up.columns;
    }
}

} // namespace preflearn::cuda
