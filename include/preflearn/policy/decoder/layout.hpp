/// \file
/// Where every parameter of a decoder lies in one flat vector: the family's table of tensors with the shapes that
/// follow from the configuration. Loading and saving walk the tensors; the forward pass asks for matrices and norms.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/family/decoder_family.hpp>

namespace preflearn {

/// The name with the number of the layer filled in.
inline std::string layer_name(std::string_view pattern, std::size_t layer) {
    const std::size_t at = pattern.find("{}");
    if (at == std::string_view::npos) return std::string(pattern);
    return std::string(pattern.substr(0, at)) + std::to_string(layer) + std::string(pattern.substr(at + 2));
}

/// Part of the flat vector: a matrix of outputs × inputs, or a vector of one row. No rows: it is not there.
struct weight_block {
    std::size_t offset = 0, rows = 0, columns = 0;

    [[nodiscard]] bool present() const { return rows != 0; }
    [[nodiscard]] std::size_t size() const { return rows * columns; }
};

/// Weight and bias of a product or a norm; the bias may not be there, or neither.
struct weight_place {
    weight_block weight{}, bias{};

    [[nodiscard]] bool present() const { return weight.present(); }
};

/// The parameters of one layer.
struct layer_places {
    weight_place attention_norm;
    weight_place query_key_value;      ///< one below the other, as are their biases
    weight_place query_norm, key_norm; ///< of every head
    weight_place attention_output, attention_after_norm;
    weight_place mlp_norm;
    weight_place gate_up; ///< one below the other; `up` alone in a plain MLP
    weight_place down, mlp_after_norm;
};

/// A tensor of the family's table in the flat vector.
struct tensor_place {
    tensor_entry entry{};
    std::size_t layer = 0;
    std::size_t offset = 0, rows = 0, columns = 0; ///< a vector has one row

    [[nodiscard]] std::size_t size() const { return rows * columns; }
    [[nodiscard]] bool is_vector() const { return is_norm() || entry.part == tensor_part::bias; }
    [[nodiscard]] bool is_norm() const { return preflearn::is_norm(entry.role); }
    /// Of a vector, what a fresh model's numbers are.
    [[nodiscard]] double initial_value() const { return is_norm() && entry.part == tensor_part::weight ? 1 : 0; }
    /// Its shape in files that keep it as it is here.
    [[nodiscard]] std::vector<std::size_t> shape() const {
        if (is_vector()) return {columns};
        return {rows, columns};
    }
};

/// The places of all tensors for a validated configuration, in the order of the family's table, which is gone through
/// once a layer. A tied head has none of its own.
class decoder_layout {
  public:
    decoder_layout() = default;
    /// \throws argument_error when the model would have more than 2^46 parameters, or the family's table is not in
    /// order.
    explicit decoder_layout(const transformer_config& config) {
        for (const tensor_entry& entry : config.family.tensors)
            if (before_layers(entry.role)) add(entry, 0, config);
        layers_.resize(config.layers);
        for (std::size_t layer = 0; layer < config.layers; ++layer)
            for (const tensor_entry& entry : config.family.tensors)
                if (!before_layers(entry.role) && !after_layers(entry.role)) add(entry, layer, config);
        for (const tensor_entry& entry : config.family.tensors)
            if (after_layers(entry.role) && !(entry.role == tensor_role::head && config.tied_embeddings))
                add(entry, 0, config);
        check(config);
        if (config.tied_embeddings) head_ = embedding_;
        if (positions_.present()) { // that of position 0 first
            positions_.weight.offset += config.family.position_offset * config.hidden_size;
            positions_.weight.rows -= config.family.position_offset;
        }
    }

    [[nodiscard]] const std::vector<tensor_place>& tensors() const { return tensors_; }
    [[nodiscard]] std::size_t size() const { return size_; }

    [[nodiscard]] const weight_place& embedding() const { return embedding_; }
    /// Learned positions, row p of position p; not present in a rotary family.
    [[nodiscard]] const weight_place& positions() const { return positions_; }
    [[nodiscard]] const layer_places& layer(std::size_t number) const { return layers_[number]; }
    [[nodiscard]] const weight_place& final_norm() const { return final_norm_; }
    /// The embedding when tied.
    [[nodiscard]] const weight_place& head() const { return head_; }

  private:
    void add(const tensor_entry& entry, std::size_t layer, const transformer_config& config) {
        if (!config.has(entry)) return;
        const auto [outputs, inputs] = extent(entry.role, config);
        tensor_place place{.entry = entry, .layer = layer, .offset = size_, .rows = outputs, .columns = inputs};
        if (place.is_vector()) place.rows = 1, place.columns = outputs;
        constexpr std::size_t most = std::size_t{1} << 46;
        size_ += place.size(); // every factor is at most 2^26, so neither product nor sum wraps
        require(size_ <= most, "transformer_config: more than ", most, " parameters");
        note(place, config.family);
        tensors_.push_back(place);
    }

    /// Outputs and inputs of a matrix, length of a vector.
    static std::pair<std::size_t, std::size_t> extent(tensor_role role, const transformer_config& c) {
        switch (role) {
        case tensor_role::embedding:
        case tensor_role::head:
            return {c.vocabulary_size, c.hidden_size};
        case tensor_role::positions:
            return {c.maximum_length + c.family.position_offset, c.hidden_size};
        case tensor_role::query_norm:
        case tensor_role::key_norm:
            return {c.head_dim, 0};
        case tensor_role::query:
            return {c.query_size(), c.hidden_size};
        case tensor_role::key:
        case tensor_role::value:
            return {c.key_value_size(), c.hidden_size};
        case tensor_role::query_key_value:
            return {c.query_size() + 2 * c.key_value_size(), c.hidden_size};
        case tensor_role::attention_output:
            return {c.hidden_size, c.query_size()};
        case tensor_role::gate:
        case tensor_role::up:
            return {c.intermediate_size, c.hidden_size};
        case tensor_role::gate_up:
            return {2 * c.intermediate_size, c.hidden_size};
        case tensor_role::down:
            return {c.hidden_size, c.intermediate_size};
        default:
            return {c.hidden_size, 0};
        }
    }

    /// Sets the place that the tensor is, or makes it one longer.
    void note(const tensor_place& place, const decoder_family& family) {
        weight_place& to = place_of(place.entry.role, place.layer);
        const bool bias = place.entry.part == tensor_part::bias;
        weight_block& block = bias ? to.bias : to.weight;
        if (!block.present()) {
            block = {place.offset, place.rows, place.columns};
            return;
        }
        require(block.offset + block.size() == place.offset && tensors_.back().entry.role < place.entry.role,
                "the family '", family.model_type, "': '", place.entry.hugging_face.name,
                "' is out of order in its table: query, key and value, and gate and up, are to follow each other");
        (bias ? block.columns : block.rows) += bias ? place.columns : place.rows;
    }
    /// What no decoder here is without.
    void check(const transformer_config& config) const {
        const auto needs = [&](bool there, const char* what) {
            require(there, "the family '", config.family.model_type, "': its table has no ", what);
        };
        needs(embedding_.present(), "embedding");
        needs(final_norm_.present(), "final norm");
        needs(config.tied_embeddings || head_.present(), "head");
        for (const layer_places& layer : layers_) {
            needs(layer.query_key_value.weight.rows == config.query_size() + 2 * config.key_value_size(),
                  "query, key and value");
            needs(layer.attention_output.present(), "attention output");
            needs(layer.gate_up.present() && layer.down.present(), "MLP");
        }
    }
    weight_place& place_of(tensor_role role, std::size_t layer) {
        switch (role) {
        case tensor_role::embedding:
            return embedding_;
        case tensor_role::positions:
            return positions_;
        case tensor_role::attention_norm:
            return layers_[layer].attention_norm;
        case tensor_role::query:
        case tensor_role::key:
        case tensor_role::value:
        case tensor_role::query_key_value:
            return layers_[layer].query_key_value;
        case tensor_role::query_norm:
            return layers_[layer].query_norm;
        case tensor_role::key_norm:
            return layers_[layer].key_norm;
        case tensor_role::attention_output:
            return layers_[layer].attention_output;
        case tensor_role::attention_after_norm:
            return layers_[layer].attention_after_norm;
        case tensor_role::mlp_norm:
            return layers_[layer].mlp_norm;
        case tensor_role::gate:
        case tensor_role::up:
        case tensor_role::gate_up:
            return layers_[layer].gate_up;
        case tensor_role::down:
            return layers_[layer].down;
        case tensor_role::mlp_after_norm:
            return layers_[layer].mlp_after_norm;
        case tensor_role::final_norm:
            return final_norm_;
        case tensor_role::head:
            break;
        }
        return head_;
    }

    std::vector<tensor_place> tensors_;
    std::vector<layer_places> layers_;
    weight_place embedding_, positions_, final_norm_, head_;
    std::size_t size_ = 0;
};

} // namespace preflearn
