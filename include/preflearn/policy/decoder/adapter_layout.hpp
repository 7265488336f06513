/// \file
/// Which matrices of a decoder have a low-rank adapter (LoRA: Hu et al. 2022, arXiv:2106.09685), and where its numbers
/// lie in one flat vector: product by product, the A of its parts one below the other, then their B. A product is what
/// one operation computes, so query, key and value that read one input are projected down together.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <preflearn/backend/operands.hpp>
#include <preflearn/core/numbers/finite_number.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/policy/decoder/layout.hpp>

namespace preflearn {

/// W + scale · B A, of a tensor by its number in `decoder_layout::tensors()`; the scale follows from alpha and rank.
struct adapted_tensor {
    std::size_t tensor = 0, rank = 16;
    double alpha = 32;
};

/// The adapters of a model, each tensor once.
struct decoder_adapters {
    std::vector<adapted_tensor> tensors{};
    /// The scale is alpha / √rank (Kalajdzievski 2023, arXiv:2312.03732) in place of alpha / rank.
    bool rank_stabilised = false;
    /// The chance that an entry of a product's input is left out while the adapter is trained, in [0, 1).
    double dropout = 0;
};

/// A and B of an adapted tensor in the flat vector: rank × inputs and outputs × rank.
struct adapter_place {
    adapted_tensor adapted;
    double scale = 1;
    weight_block down{}, up{};
    std::size_t first = 0; ///< of its outputs in the product
};

/// The adapters of one product.
struct adapted_product {
    std::size_t offset = 0; ///< of the product's matrix in the decoder's layout
    weight_block down{};    ///< the A of all parts
    std::array<adapter_place, most_adapted_parts> parts{};
    std::size_t count = 0;
    std::uint64_t stream = 0; ///< of its dropout: the product's place in the decoder, whatever else is adapted
};

/// Whether a matrix can have an adapter: those of attention and MLP.
[[nodiscard]] inline bool is_adaptable(const tensor_place& tensor) {
    const tensor_role role = tensor.entry.role;
    return !tensor.is_vector() && !before_layers(role) && !after_layers(role);
}

class adapter_layout {
  public:
    adapter_layout() = default;
    /// \throws argument_error for a tensor that there is not, is twice, or is not adaptable, a rank of 0 or above
    /// 65536, an alpha that is not finite, or a dropout outside [0, 1).
    adapter_layout(const decoder_layout& layout, decoder_adapters adapters)
        : dropout_(adapters.dropout), rank_stabilised_(adapters.rank_stabilised) {
        require(dropout_ >= 0 && dropout_ * 65536 < 65535.5,
                "adapter: a dropout from 0 to below 1 was expected, found ", dropout_);
        std::ranges::sort(adapters.tensors, {}, &adapted_tensor::tensor);
        for (std::size_t i = 0; i < adapters.tensors.size(); ++i) {
            const adapted_tensor& adapted = adapters.tensors[i];
            check(layout, adapted);
            require(i == 0 || adapters.tensors[i - 1].tensor != adapted.tensor, "adapter: tensor ", adapted.tensor,
                    " has two");
            add(layout, adapted);
        }
        for (adapted_product& product : products_) place(product);
        if (products_.empty()) return;
        std::string all;
        for (const adapted_tensor& adapted : adapters.tensors)
            all += message(adapted.tensor, ' ', adapted.rank, ' ', shortest_digits(adapted.alpha), ' ');
        const adapted_tensor& first = adapters.tensors.front();
        text_ = message("rank ", first.rank, ", alpha ", shortest_digits(first.alpha),
                        rank_stabilised_ ? " (rank-stabilised)" : "", ", dropout ", shortest_digits(dropout_), ", ",
                        adapters.tensors.size(), " matrices, hash ", hash_of(all));
    }

    [[nodiscard]] bool empty() const { return products_.empty(); }
    /// Numbers of all A and B.
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] double dropout() const { return dropout_; }
    /// Of 65,536 entries, those left out while training.
    [[nodiscard]] std::uint32_t dropped() const { return static_cast<std::uint32_t>(std::lround(dropout_ * 65536)); }
    [[nodiscard]] bool rank_stabilised() const { return rank_stabilised_; }
    /// The lowest layer that has one; more than there are layers: none.
    [[nodiscard]] std::size_t first_layer() const { return first_layer_; }
    [[nodiscard]] std::span<const adapted_product> products() const { return products_; }
    /// The product whose matrix starts there; null: it has no adapter.
    [[nodiscard]] const adapted_product* find(const weight_block& matrix) const {
        const auto found = std::ranges::lower_bound(products_, matrix.offset, {}, &adapted_product::offset);
        return matrix.present() && found != products_.end() && found->offset == matrix.offset ? &*found : nullptr;
    }
    /// The adapter of a tensor; null: it has none.
    [[nodiscard]] const adapter_place* find(std::size_t tensor) const {
        for (const adapted_product& product : products_)
            for (std::size_t p = 0; p < product.count; ++p)
                if (product.parts[p].adapted.tensor == tensor) return &product.parts[p];
        return nullptr;
    }
    /// What other adapters do not have, as a text; empty: there is no adapter.
    [[nodiscard]] const std::string& identity() const { return text_; }

  private:
    static void check(const decoder_layout& layout, const adapted_tensor& adapted) {
        require(adapted.tensor < layout.tensors().size(), "adapter: the model has ", layout.tensors().size(),
                " tensors, found number ", adapted.tensor);
        const tensor_place& tensor = layout.tensors()[adapted.tensor];
        const std::string name = layer_name(tensor.entry.hugging_face.name, tensor.layer);
        require(is_adaptable(tensor), "adapter: ", name, " is no matrix of attention or MLP");
        constexpr std::size_t most = 65536;
        require(adapted.rank >= 1 && adapted.rank <= most, "adapter: of ", name, ", a rank from 1 to ", most,
                " was expected, found ", adapted.rank);
        require(std::isfinite(adapted.alpha), "adapter: of ", name, ", a finite alpha was expected, found ",
                adapted.alpha);
    }

    /// Adds a tensor to its product.
    void add(const decoder_layout& layout, const adapted_tensor& adapted) {
        const tensor_place& tensor = layout.tensors()[adapted.tensor];
        const layer_places& layer = layout.layer(tensor.layer);
        const std::array<const weight_block*, 4> matrices{&layer.query_key_value.weight, &layer.attention_output.weight,
                                                          &layer.gate_up.weight, &layer.down.weight};
        const auto matrix = static_cast<std::size_t>(
            std::ranges::find_if(matrices,
                                 [&](const weight_block* m) {
                                     return tensor.offset >= m->offset && tensor.offset < m->offset + m->size();
                                 }) -
            matrices.begin());
        const weight_block& whole = *matrices[matrix];
        if (products_.empty() || products_.back().offset != whole.offset)
            products_.push_back({.offset = whole.offset,
                                 .down = {0, 0, whole.columns},
                                 .stream = matrices.size() * tensor.layer + matrix});
        adapted_product& product = products_.back();
        product.down.rows += adapted.rank;
        const auto rank = static_cast<double>(adapted.rank);
        product.parts[product.count++] = {.adapted = adapted,
                                          .scale = adapted.alpha / (rank_stabilised_ ? std::sqrt(rank) : rank),
                                          .down = {0, adapted.rank, tensor.columns},
                                          .up = {0, tensor.rows, adapted.rank},
                                          .first = (tensor.offset - whole.offset) / whole.columns};
        first_layer_ = std::min(first_layer_, tensor.layer);
    }

    void place(adapted_product& product) {
        product.down.offset = size_;
        for (std::size_t p = 0; p < product.count; ++p) {
            product.parts[p].down.offset = size_;
            size_ += product.parts[p].down.size();
        }
        for (std::size_t p = 0; p < product.count; ++p) {
            product.parts[p].up.offset = size_;
            size_ += product.parts[p].up.size();
        }
    }

    std::vector<adapted_product> products_; ///< by their offset
    std::size_t size_ = 0, first_layer_ = std::numeric_limits<std::size_t>::max();
    double dropout_ = 0;
    bool rank_stabilised_ = false;
    std::string text_;
};

} // namespace preflearn
