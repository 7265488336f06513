/// \file
/// Where every parameter of a transformer lies in one flat vector. A family lists its tensors once, in order, with
/// their roles and their names in Hugging Face and GGUF files; shapes, offsets, loading and saving follow from it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/policy/decoder/config.hpp>

namespace preflearn {

/// What a tensor is for; its shape follows from the configuration. Matrices are outputs × inputs.
enum class tensor_role : std::uint8_t {
    embedding,
    attention_norm,
    query,
    key,
    value,
    attention_output,
    mlp_norm,
    gate,
    up,
    down,
    final_norm,
    head,
};

/// An entry of a family's table of tensors. "{}" in a name stands for the number of the layer, from 0.
struct tensor_entry {
    tensor_role role;
    std::string_view hugging_face;
    std::string_view gguf;
};

/// A tensor in the flat vector. A vector (norm weights) has one row and `is_vector`.
struct tensor_place {
    tensor_role role{};
    std::size_t layer = 0;
    const tensor_entry* names = nullptr;
    std::size_t rows = 0, columns = 0;
    bool is_vector = false;
    std::size_t offset = 0;

    [[nodiscard]] std::size_t size() const { return rows * columns; }
};

/// The name with the number of the layer filled in.
inline std::string layer_name(std::string_view pattern, std::size_t layer) {
    const std::size_t at = pattern.find("{}");
    if (at == std::string_view::npos) return std::string(pattern);
    return std::string(pattern.substr(0, at)) + std::to_string(layer) + std::string(pattern.substr(at + 2));
}

/// The places of all tensors of `Architecture` for a validated configuration: embedding, layers, final norm, head.
template <class Architecture> class parameter_layout {
  public:
    /// Offsets of one layer's tensors from the layer's first parameter. Query, key and value lie back to back and are
    /// one matrix, as are gate and up.
    struct layer_offsets {
        std::size_t attention_norm = 0, query_key_value = 0, attention_output = 0, mlp_norm = 0, gate_up = 0, down = 0;
        std::size_t size = 0;
    };

    parameter_layout() = default;
    /// \throws argument_error when the model would have more than 2^46 parameters.
    explicit parameter_layout(const transformer_config& config) {
        add(Architecture::embedding, 0, config);
        first_layer_ = size_;
        for (std::size_t layer = 0; layer < config.layers; ++layer)
            for (const tensor_entry& entry : Architecture::layer) add(entry, layer, config);
        if (config.layers != 0) find_offsets(config);
        add(Architecture::final_norm, 0, config);
        if (!config.tied_embeddings) add(Architecture::head, 0, config);
    }

    [[nodiscard]] const std::vector<tensor_place>& tensors() const { return tensors_; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] const layer_offsets& in_layer() const { return in_layer_; }
    /// The first parameter of a layer.
    [[nodiscard]] std::size_t layer(std::size_t number) const { return first_layer_ + number * in_layer_.size; }
    [[nodiscard]] std::size_t embedding() const { return 0; }
    [[nodiscard]] std::size_t final_norm() const { return final_norm_; }
    /// The embedding when tied.
    [[nodiscard]] std::size_t head() const { return head_; }

  private:
    void add(const tensor_entry& entry, std::size_t layer, const transformer_config& config) {
        tensor_place place{.role = entry.role, .layer = layer, .names = &entry, .offset = size_};
        const auto matrix = [&](std::size_t rows, std::size_t columns) {
            place.rows = rows;
            place.columns = columns;
        };
        switch (entry.role) {
        case tensor_role::embedding:
        case tensor_role::head:
            matrix(config.vocabulary_size, config.hidden_size);
            break;
        case tensor_role::attention_norm:
        case tensor_role::mlp_norm:
        case tensor_role::final_norm:
            matrix(1, config.hidden_size);
            place.is_vector = true;
            break;
        case tensor_role::query:
            matrix(config.query_size(), config.hidden_size);
            break;
        case tensor_role::key:
        case tensor_role::value:
            matrix(config.key_value_size(), config.hidden_size);
            break;
        case tensor_role::attention_output:
            matrix(config.hidden_size, config.query_size());
            break;
        case tensor_role::gate:
        case tensor_role::up:
            matrix(config.intermediate_size, config.hidden_size);
            break;
        case tensor_role::down:
            matrix(config.hidden_size, config.intermediate_size);
            break;
        }
        if (entry.role == tensor_role::final_norm) final_norm_ = size_;
        if (entry.role == tensor_role::head) head_ = size_;
        constexpr std::size_t most = std::size_t{1} << 46;
        size_ += place.size(); // every factor is at most 2^24, so neither product nor sum wraps
        require(size_ <= most, "transformer_config: more than ", most, " parameters");
        tensors_.push_back(place);
    }

    void find_offsets(const transformer_config& config) {
        in_layer_.size = (size_ - first_layer_) / config.layers;
        for (const tensor_place& place : tensors_) {
            if (place.offset < first_layer_ || place.layer != 0) continue;
            const std::size_t at = place.offset - first_layer_;
            if (place.role == tensor_role::attention_norm) in_layer_.attention_norm = at;
            if (place.role == tensor_role::query) in_layer_.query_key_value = at;
            if (place.role == tensor_role::attention_output) in_layer_.attention_output = at;
            if (place.role == tensor_role::mlp_norm) in_layer_.mlp_norm = at;
            if (place.role == tensor_role::gate) in_layer_.gate_up = at;
            if (place.role == tensor_role::down) in_layer_.down = at;
        }
    }

    std::vector<tensor_place> tensors_;
    layer_offsets in_layer_;
    std::size_t size_ = 0, first_layer_ = 0, final_norm_ = 0, head_ = 0;
};

} // namespace preflearn
