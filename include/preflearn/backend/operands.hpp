/// \file
/// What the operations of a decoder are told besides the rows that they compute on: which norm, which attention, which
/// weights. Plain structures, the same for every backend; what a family of models chooses among is a value here.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace preflearn {

/// rms: x / √(mean(x²) + ε) · w (Zhang & Sennrich 2019, arXiv:1910.07467); layer: (x − mean) / √(variance + ε) · w
/// (Ba et al. 2016, arXiv:1607.06450).
enum class norm_kind : std::uint8_t { rms, layer };
/// What an MLP does between its products: f(gate) · up, the two side by side in a row, or f alone.
enum class mlp_kind : std::uint8_t { gated, plain };
/// silu: x σ(x); gelu: x Φ(x); gelu_tanh: its approximation by tanh (Hendrycks & Gimpel 2016, arXiv:1606.08415).
enum class activation_kind : std::uint8_t { silu, gelu, gelu_tanh, relu };

/// Normalises every row, or each of `heads` parts of a row by itself.
template <class B, class T> struct norm_operands {
    norm_kind kind = norm_kind::rms;
    double epsilon = 1e-5;
    std::size_t heads = 1; ///< parts of a row; weight and bias, one entry a column of a part, are the same for all
    typename B::template view<const T> weight{}; ///< 1 × columns
    typename B::template view<const T> bias{};   ///< 1 × columns, or absent

    /// Columns of the statistics that the forward pass keeps of every row.
    [[nodiscard]] std::size_t statistics() const { return heads * (kind == norm_kind::layer ? 2 : 1); }
};

/// Outputs × inputs: trained numbers, or, where `stored` is not empty, frozen matrices that stand one below the other.
template <class B, class T> struct weight_matrix {
    typename B::template view<const T> trained{};
    std::span<const typename B::stored> stored{};

    [[nodiscard]] std::size_t rows() const {
        std::size_t sum = stored.empty() ? trained.rows : 0;
        for (const auto& part : stored) sum += part.rows;
        return sum;
    }
    [[nodiscard]] std::size_t columns() const { return stored.empty() ? trained.columns : stored.front().columns; }
};

/// Numbers of a row that are left out by chance, the others being divided by the share that is kept (Srivastava et al.
/// 2014, JMLR 15). Which ones follows from the row's key, the stream and the column alone.
struct row_dropout {
    std::uint32_t dropped = 0;             ///< of 65,536 numbers; 0: none
    std::span<const std::uint64_t> keys{}; ///< one a row; none: nothing is left out
    std::uint64_t stream = 0;              ///< of the product: another one draws others

    [[nodiscard]] bool active() const { return dropped != 0 && !keys.empty(); }
};

/// The most parts of one product that have an adapter each: queries, keys and values.
inline constexpr std::size_t most_adapted_parts = 3;

/// A low-rank addition to some outputs of a product.
template <class B, class T> struct low_rank_part {
    std::size_t first = 0;                   ///< of its outputs
    typename B::template view<const T> up{}; ///< outputs × rank; absent: there is no such part
    double scale = 1;
};

/// LoRA (Hu et al. 2022, arXiv:2106.09685): part p of the product's outputs += scale · drop(x) Aᵀ Bᵀ. Parts read one
/// input, so their A stand one below the other.
template <class B, class T> struct low_rank_map {
    typename B::template view<const T> down{}; ///< (sum of the ranks) × inputs; absent: no adapter
    std::array<low_rank_part<B, T>, most_adapted_parts> parts{};
    row_dropout dropout{};
};

/// x ↦ x Wᵀ + b, and what an adapter adds.
template <class B, class T> struct affine_map {
    weight_matrix<B, T> matrix{};
    typename B::template view<const T> bias{}; ///< 1 × outputs, or absent
    low_rank_map<B, T> adapter{};
};

/// What is added to in a backward pass; what is absent is not computed.
template <class B, class T> struct parameter_gradients {
    typename B::template view<T> weight{}, bias{};
    /// Of an adapter: all or none.
    typename B::template view<T> down{};
    std::array<typename B::template view<T>, most_adapted_parts> up{};

    /// Whether a product's backward pass needs its input.
    [[nodiscard]] bool needs_input() const { return !weight.absent() || !down.absent(); }
};

/// Attention of `heads` query heads, of which heads / key_value_heads neighbours share a key and a value.
struct attention_shape {
    std::size_t heads = 1, key_value_heads = 1, dim = 1;
    double scale = 0;       ///< of the scores; 0: 1/√dim
    std::size_t window = 0; ///< keys that a query sees, its own included; 0: all before it
    double cap = 0;         ///< scores become cap · tanh(score / cap) (arXiv:2408.00118, section 2); 0: they do not
};

/// Consecutive rows of one sequence at consecutive positions, after the rows of a prefix that others may share.
struct row_segment {
    std::size_t row = 0;           ///< its first row
    std::size_t length = 0;        ///< how many
    std::size_t position = 0;      ///< of its first row
    std::size_t prefix_row = 0;    ///< first row of the prefix
    std::size_t prefix_length = 0; ///< 0: no prefix
};

/// Where the keys and values of a segment's own rows stand: at the same row numbers as its queries (a packed batch), or
/// right after its prefix (a cache, whose rows are the tokens of every sequence).
enum class own_keys : bool { beside_queries, after_prefix };

/// Which queries see which keys, for every layer of a batch. A group is a prefix's own segment and those that refer to
/// it, which is what a backward pass needs to know: group g has segments groups[g] … groups[g + 1] − 1.
struct attention_plan {
    std::span<const row_segment> segments{};
    std::span<const std::size_t> groups{}; ///< empty: no backward pass follows
    own_keys keys = own_keys::beside_queries;
};

} // namespace preflearn
