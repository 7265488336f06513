/// \file
/// The arrays that a run over a packed batch fills. Layers that a backward pass will go through have their own, or keep
/// their input alone, from which the backward pass runs them again (Chen et al. 2016, arXiv:1604.06174). One set serves
/// all others in turn, in which the residual rows are updated in place and what only a backward pass reads is absent.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include <preflearn/backend/concepts.hpp>
#include <preflearn/policy/decoder/config.hpp>

namespace preflearn {

/// Columns of what a layer computes of a row.
struct row_widths {
    explicit row_widths(const transformer_config& c)
        : hidden(c.hidden_size), query(c.query_size()), key_value(2 * c.key_value_size()), inner(c.intermediate_size),
          gate_up(c.family.mlp() == mlp_kind::gated ? 2 * inner : inner), heads(c.heads),
          statistics(c.family.norm == norm_kind::layer ? 2 : 1),
          head_norms(c.family.find(tensor_role::query_norm) != nullptr ? c.heads + c.key_value_heads : 0),
          norms_after(c.family.find(tensor_role::attention_after_norm) != nullptr ||
                      c.family.find(tensor_role::mlp_after_norm) != nullptr),
          parallel(c.parallel_residual), scaled(c.residual_scale != 1) {}

    std::size_t hidden, query, key_value; ///< keys and values side by side
    std::size_t inner, gate_up;           ///< of the MLP
    std::size_t heads;
    std::size_t statistics;             ///< of a norm
    std::size_t head_norms;             ///< heads of queries and keys that are normalised
    bool norms_after, parallel, scaled; ///< what a layer adds is normalised; its two blocks read one input; a factor

    [[nodiscard]] std::size_t qkv() const { return query + key_value; }
};

/// What a run keeps for a backward pass.
struct kept_layers {
    /// The lowest layer that it goes through; those below are run and forgotten.
    std::size_t first = std::numeric_limits<std::size_t>::max();
    /// Of each layer its input alone, from which it is run again.
    bool inputs_only = false;

    [[nodiscard]] static constexpr kept_layers none() { return {}; }
    [[nodiscard]] static constexpr kept_layers all() { return {.first = 0}; }
};

/// What a layer reads and writes, one row per token. `input`, `middle` and `output` may be one array when no backward
/// pass follows. Absent: the last eight then, and those that the family has no use for.
template <class T, class Backend> struct layer_rows {
    using view = typename Backend::template view<T>;
    view input, query_key_value, mixed, middle, gate_up, output;
    view projected;                  ///< queries, keys and values before the norms of heads
    view attention_added, mlp_added; ///< what the blocks add, before their norm
    view attention_statistics, head_statistics, attention_after_statistics, mlp_statistics, mlp_after_statistics;
    view normaliser; ///< log Σ exp of the scores, rows × heads
};

template <class T, class Backend> class kept_rows {
  public:
    using array = typename Backend::template array<T>;
    using view = typename Backend::template view<T>;

    kept_rows() = default;
    /// Room for `rows` rows, of which the final hidden states of `wanted` are computed; with `keep`, all is kept.
    kept_rows(const transformer_config& config, std::size_t rows, std::size_t wanted, bool keep)
        : kept_rows(config, rows, wanted, keep ? kept_layers::all() : kept_layers::none(), keep) {}
    /// The same for a backward pass through some layers, or none, and the final norm.
    kept_rows(const transformer_config& config, std::size_t rows, std::size_t wanted, kept_layers keep)
        : kept_rows(config, rows, wanted, keep, true) {}

    /// Whether the backward pass is to run a layer again.
    [[nodiscard]] bool inputs_only() const { return keep_.inputs_only; }

    /// The residual rows that enter layer `number`; those of number = layers leave the last one.
    [[nodiscard]] view stream(std::size_t number, std::size_t count) {
        return (number >= keep_.first && number < count_ ? layers_[number - keep_.first].input : stream_)
            .view()
            .row_block(0, count);
    }

    /// The first `count` rows of a layer's arrays.
    [[nodiscard]] layer_rows<T, Backend> layer(std::size_t number, std::size_t count) {
        const bool own = number >= keep_.first && !keep_.inputs_only;
        stored& s = own ? layers_[number - keep_.first] : shared_;
        const row_widths& w = widths_;
        const auto first = [&](array& a) { return a.view().row_block(0, count); };
        std::size_t used = 0;
        const auto small = [&](std::size_t columns) {
            used += count * columns;
            return s.small.view().part(used - count * columns, count, columns);
        };
        const view middle = first(s.middle);
        return {.input = stream(number, count),
                .query_key_value = first(s.query_key_value),
                .mixed = first(s.mixed),
                .middle = middle.absent() ? stream(number, count) : middle,
                .gate_up = first(s.gate_up),
                .output = stream(number + 1, count),
                .projected = first(s.projected),
                .attention_added = first(s.attention_added),
                .mlp_added = first(s.mlp_added),
                .attention_statistics = small(w.statistics),
                .head_statistics = small(w.head_norms * w.statistics),
                .attention_after_statistics = small(w.statistics),
                .mlp_statistics = small(w.statistics),
                .mlp_after_statistics = small(w.statistics),
                .normaliser = small(w.heads)};
    }

    /// The rows of a layer that is run again: its output is known, and computed only on the way to what it adds.
    [[nodiscard]] layer_rows<T, Backend> without_output(layer_rows<T, Backend> rows) {
        rows.output = widths_.norms_after ? stream_.view().row_block(0, rows.input.rows) : view();
        return rows;
    }

    /// Bytes per row of a run that keeps nothing, working memory included.
    static std::size_t row_bytes(const transformer_config& config) {
        const row_widths w(config);
        return sizeof(T) * (4 * w.hidden + w.query + w.qkv() + w.gate_up + w.inner + w.heads + 2);
    }

    array final_input, hidden; ///< of the wanted rows, before and after the final norm
    array final_statistics;    ///< of the final norm; absent when nothing is kept

  private:
    struct stored {
        array input, query_key_value, projected, mixed, middle, gate_up, attention_added, mlp_added, small;
    };

    kept_rows(const transformer_config& config, std::size_t rows, std::size_t wanted, kept_layers keep, bool backward)
        : final_input(wanted, config.hidden_size), hidden(wanted, config.hidden_size), widths_(config), keep_(keep),
          count_(config.layers), stream_(rows, config.hidden_size) {
        if (backward) final_statistics = array(wanted, widths_.statistics);
        if (keep.first > 0 || keep.inputs_only)
            shared_ = layer_arrays(rows, keep.inputs_only && keep.first < count_, widths_.parallel);
        for (std::size_t number = keep.first; number < count_; ++number) {
            layers_.push_back(keep.inputs_only ? stored() : layer_arrays(rows, true, true));
            layers_.back().input = array(rows, widths_.hidden);
        }
    }

    /// All but the input: with or without what a backward pass reads, with or without rows between the two blocks.
    [[nodiscard]] stored layer_arrays(std::size_t rows, bool backward, bool middle) const {
        const row_widths& w = widths_;
        stored s;
        s.query_key_value = array(rows, w.qkv());
        s.mixed = array(rows, w.query);
        s.gate_up = array(rows, w.gate_up);
        if (backward || middle) s.middle = array(rows, w.hidden);
        if (!backward) return s;
        if (w.head_norms != 0) s.projected = array(rows, w.qkv());
        if (w.norms_after) {
            s.attention_added = array(rows, w.hidden);
            s.mlp_added = array(rows, w.hidden);
        }
        s.small = array(1, rows * (4 * w.statistics + w.head_norms * w.statistics + w.heads));
        return s;
    }

    row_widths widths_{transformer_config{}};
    kept_layers keep_{};
    std::size_t count_ = 0;
    array stream_;
    stored shared_;              ///< of the layers that keep nothing
    std::vector<stored> layers_; ///< of those that keep something, from keep_.first on
};

/// Arrays for one layer at a time, reused by every layer.
template <class T, class Backend> struct layer_workspace {
    using array = typename Backend::template array<T>;
    array normed, activated, added;                                     ///< forward and backward
    array d_activated, d_gate_up, d_normed, d_mixed, d_query_key_value; ///< backward alone
    array d_added, d_projected, d_input;                                ///< of families that need them

    layer_workspace(const transformer_config& config, std::size_t rows, bool backward) {
        const row_widths w(config);
        normed = array(rows, w.hidden);
        activated = array(rows, w.inner);
        if (w.norms_after || w.scaled) added = array(rows, w.hidden);
        if (!backward) return;
        d_activated = array(rows, w.inner);
        d_gate_up = array(rows, w.gate_up);
        d_normed = array(rows, w.hidden);
        d_mixed = array(rows, w.query);
        d_query_key_value = array(rows, w.qkv());
        if (w.norms_after) d_added = array(rows, w.hidden);
        if (w.head_norms != 0) d_projected = array(rows, w.qkv());
        if (w.parallel) d_input = array(rows, w.hidden);
    }
};

} // namespace preflearn
