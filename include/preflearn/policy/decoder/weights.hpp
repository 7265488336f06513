/// \file
/// The weights of a decoder as operations read them. Trained ones are numbers in one flat array; frozen ones are
/// shared, immutable stored matrices (of a mapped file, for one), which every copy of the model reads in place and
/// which have no gradients. Which is which is said by tensor; the rest of the decoder asks for what a layer reads. The
/// numbers of an adapter are trained ones and follow the others.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/backend/concepts.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/loss/vocabulary/logit_transform.hpp>
#include <preflearn/policy/decoder/adapter_layout.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/frozen_tensors.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/decoder/trained_numbers.hpp>

namespace preflearn {

/// What the operations of one layer read. A norm without a weight and an absent bias are not there.
template <class T, class Backend> struct layer_weights {
    norm_operands<Backend, T> attention_norm, query_norm, key_norm, attention_after_norm, mlp_norm, mlp_after_norm;
    affine_map<Backend, T> query_key_value, attention_output, gate_up, down;
};

/// Where the gradients of one layer are added to; those of frozen weights are absent.
template <class T, class Backend> struct layer_gradients {
    parameter_gradients<Backend, T> attention_norm, query_norm, key_norm, attention_after_norm, mlp_norm,
        mlp_after_norm, query_key_value, attention_output, gate_up, down;
};

/// Copies have trained numbers of their own and share the frozen ones.
template <class T, class Backend> class decoder_weights {
  public:
    using numbers = trained_numbers<T, Backend>;
    template <class U> using view = typename Backend::template view<U>;

    /// Trained matrices, biases and adapters are zeros, norms' weights one.
    /// \throws argument_error for a bad configuration, a frozen tensor of another shape, or one that makes one matrix
    /// with a trained one (query, key and value); and as `adapter_layout`.
    explicit decoder_weights(const transformer_config& config, frozen_tensors frozen = {},
                             decoder_adapters adapters = {})
        : config_(validated(config)), layout_(config_), adapters_(layout_, std::move(adapters)),
          frozen_(frozen.empty() ? nullptr
                                 : std::make_shared<const frozen_weights<T, Backend>>(layout_, std::move(frozen))),
          trained_(own_size() + adapters_.size()) {
        for (std::size_t number = 0; number < config_.layers; ++number) (void)layer(number); // finds what does not fit
        trained_.write([&](std::span<T> all) {
            for (const tensor_place& tensor : layout_.tensors())
                if (const auto at = trained_offset(tensor); at && tensor.is_vector())
                    std::ranges::fill(all.subspan(*at, tensor.size()), static_cast<T>(tensor.initial_value()));
        });
    }
    /// The same weights, the trained ones in `home`, which has as many numbers.
    decoder_weights(const decoder_weights& other, numbers home)
        : config_(other.config_), layout_(other.layout_), adapters_(other.adapters_), frozen_(other.frozen_),
          trained_(std::move(home)) {
        require(trained_.size() == other.trained_.size(), "a home of ", trained_.size(), " numbers for ",
                other.trained_.size(), " trained ones");
        Backend::copy(other.trained_.values(), trained_.values());
    }
    /// The same weights with other adapters, whose numbers are zero. \throws as `adapter_layout`.
    [[nodiscard]] decoder_weights with_adapters(decoder_adapters adapters) const {
        decoder_weights adapted(*this, adapter_layout(layout_, std::move(adapters)));
        Backend::fill(adapted.trained_.values(), T(0));
        Backend::copy(trained_.values().column_block(0, own_size()),
                      adapted.trained_.values().column_block(0, own_size()));
        return adapted;
    }

    [[nodiscard]] const transformer_config& config() const { return config_; }
    [[nodiscard]] const decoder_layout& layout() const { return layout_; }
    [[nodiscard]] const adapter_layout& adapters() const { return adapters_; }
    [[nodiscard]] const numbers& trained() const { return trained_; }
    [[nodiscard]] std::size_t trained_size() const { return trained_.size(); }
    [[nodiscard]] numbers& trained() { return trained_; }
    /// \throws argument_error for a token outside the vocabulary.
    void stop_at(token_id token) {
        require(token >= 0 && static_cast<std::size_t>(token) < config_.vocabulary_size, "the end token ", token,
                " is outside the vocabulary of ", config_.vocabulary_size);
        add_end_token(config_, token);
    }

    /// Where the first number of a part of the layout lies among the trained ones; nothing: it is frozen.
    [[nodiscard]] std::optional<std::size_t> trained_offset(const weight_block& part) const {
        return frozen_ ? frozen_->trained_offset(part) : std::optional(part.offset);
    }
    [[nodiscard]] std::optional<std::size_t> trained_offset(const tensor_place& tensor) const {
        return trained_offset(weight_block{tensor.offset, tensor.rows, tensor.columns});
    }
    /// Where the first number of a part of the adapters' layout lies among the trained ones.
    [[nodiscard]] std::size_t adapter_offset(const weight_block& part) const { return own_size() + part.offset; }
    /// A frozen tensor of the layout, by its number.
    [[nodiscard]] const stored_matrix& frozen(std::size_t tensor) const { return frozen_->tensor(tensor); }
    /// What the frozen numbers are, as a text; empty: there are none. Reads them all.
    [[nodiscard]] std::string frozen_identity() const { return frozen_ ? frozen_->identity() : std::string(); }
    /// The lowest layer that has trained numbers, 0 where anything below the layers has, too.
    [[nodiscard]] std::size_t first_trained_layer() const {
        return frozen_ ? std::min(frozen_->first_trained_layer(), adapters_.first_layer()) : 0;
    }
    /// Operations of a training step for every token in the products of the layers, a multiplication and an addition
    /// counting each: forward, what goes further down, and gradients of trained weights. Attention, and the head, which
    /// sees responses alone, come on top.
    [[nodiscard]] double operations_per_token() const {
        double all = 0;
        for (std::size_t layer = 0; layer < config_.layers; ++layer) {
            const layer_places& places = layout_.layer(layer);
            for (const weight_place* p :
                 {&places.query_key_value, &places.attention_output, &places.gate_up, &places.down}) {
                if (!p->present()) continue;
                const int products = 1 + (layer >= first_trained_layer() ? 1 : 0) + (trained_offset(p->weight) ? 1 : 0);
                all += 2.0 * products * static_cast<double>(p->weight.size());
            }
        }
        return all;
    }
    /// Whether anything below the layers is trained.
    [[nodiscard]] bool trains_embedding() const {
        return trained_offset(layout_.embedding().weight) ||
               (layout_.positions().present() && trained_offset(layout_.positions().weight));
    }

    [[nodiscard]] weight_matrix<Backend, T> embedding() const { return matrix(layout_.embedding().weight); }
    [[nodiscard]] weight_matrix<Backend, T> head() const { return matrix(layout_.head().weight); }
    /// Row p is of position p; absent in a family that turns queries and keys.
    [[nodiscard]] view<const T> positions() const { return values(layout_.positions().weight); }
    [[nodiscard]] norm_operands<Backend, T> final_norm() const { return norm(layout_.final_norm()); }
    /// From hidden · head to logits: the family's factor and soft cap.
    [[nodiscard]] logit_transform<T> logits() const {
        const double cap = config_.logit_cap, scale = config_.logit_scale;
        return {.soft_cap = cap != 0 ? cap / scale : std::numeric_limits<double>::infinity(), .temperature = 1 / scale};
    }
    /// \param keys of the rows' dropout; none: nothing is left out
    [[nodiscard]] layer_weights<T, Backend> layer(std::size_t number, std::span<const std::uint64_t> keys = {}) const {
        const layer_places at = layout_.layer(number);
        return {.attention_norm = norm(at.attention_norm),
                .query_norm = norm(at.query_norm, config_.query_size()),
                .key_norm = norm(at.key_norm, config_.key_value_size()),
                .attention_after_norm = norm(at.attention_after_norm),
                .mlp_norm = norm(mlp_norm(at)),
                .mlp_after_norm = norm(at.mlp_after_norm),
                .query_key_value = linear(at.query_key_value, keys),
                .attention_output = linear(at.attention_output, keys),
                .gate_up = linear(at.gate_up, keys),
                .down = linear(at.down, keys)};
    }

    /// The gradient of a part of the layout; absent for a frozen one.
    [[nodiscard]] view<T> gradient(const weight_block& part) {
        const std::optional<std::size_t> at = part.present() ? trained_offset(part) : std::nullopt;
        return at ? trained_.gradients().part(*at, part.rows, part.columns) : view<T>();
    }
    [[nodiscard]] parameter_gradients<Backend, T> gradients(const weight_place& place) {
        parameter_gradients<Backend, T> into{.weight = gradient(place.weight), .bias = gradient(place.bias)};
        if (const adapted_product* const product = adapters_.find(place.weight)) {
            into.down = adapter_gradient(product->down);
            for (std::size_t p = 0; p < product->count; ++p) into.up[p] = adapter_gradient(product->parts[p].up);
        }
        return into;
    }
    [[nodiscard]] layer_gradients<T, Backend> layer_gradients_of(std::size_t number) {
        const layer_places at = layout_.layer(number);
        return {.attention_norm = gradients(at.attention_norm),
                .query_norm = gradients(at.query_norm),
                .key_norm = gradients(at.key_norm),
                .attention_after_norm = gradients(at.attention_after_norm),
                .mlp_norm = gradients(mlp_norm(at)),
                .mlp_after_norm = gradients(at.mlp_after_norm),
                .query_key_value = gradients(at.query_key_value),
                .attention_output = gradients(at.attention_output),
                .gate_up = gradients(at.gate_up),
                .down = gradients(at.down)};
    }

  private:
    decoder_weights(const decoder_weights& other, adapter_layout adapters)
        : config_(other.config_), layout_(other.layout_), adapters_(std::move(adapters)), frozen_(other.frozen_),
          trained_(own_size() + adapters_.size()) {}
    /// Trained numbers of the decoder itself.
    [[nodiscard]] std::size_t own_size() const { return frozen_ ? frozen_->trained_size() : layout_.size(); }
    [[nodiscard]] view<T> adapter_gradient(const weight_block& part) {
        return trained_.gradients().part(adapter_offset(part), part.rows, part.columns);
    }
    [[nodiscard]] view<const T> adapter_values(const weight_block& part) const {
        return trained_.values().part(adapter_offset(part), part.rows, part.columns);
    }
    /// Two blocks that read one input may share its norm.
    [[nodiscard]] const weight_place& mlp_norm(const layer_places& at) const {
        return config_.parallel_residual && !at.mlp_norm.present() ? at.attention_norm : at.mlp_norm;
    }
    [[nodiscard]] weight_matrix<Backend, T> matrix(const weight_block& part) const {
        if (frozen_ && !frozen_->trained_offset(part)) return {.stored = frozen_->matrices(part)};
        return {.trained = values(part)};
    }
    /// Trained numbers, or a vector of frozen ones.
    [[nodiscard]] view<const T> values(const weight_block& part) const {
        if (!part.present()) return {};
        if (const auto at = trained_offset(part)) return trained_.values().part(*at, part.rows, part.columns);
        return frozen_->values(part);
    }
    /// `columns` of a row are normalised in parts as wide as the weight; 0: the whole row.
    [[nodiscard]] norm_operands<Backend, T> norm(const weight_place& place, std::size_t columns = 0) const {
        const bool parts = place.present() && columns != 0;
        return {.kind = config_.family.norm,
                .epsilon = config_.norm_epsilon,
                .heads = parts ? columns / place.weight.columns : 1,
                .weight = values(place.weight),
                .bias = values(place.bias)};
    }
    [[nodiscard]] affine_map<Backend, T> linear(const weight_place& place, std::span<const std::uint64_t> keys) const {
        affine_map<Backend, T> map{.matrix = matrix(place.weight), .bias = values(place.bias)};
        if (const adapted_product* const product = adapters_.find(place.weight)) {
            map.adapter.down = adapter_values(product->down);
            for (std::size_t p = 0; p < product->count; ++p) {
                const adapter_place& part = product->parts[p];
                map.adapter.parts[p] = {part.first, adapter_values(part.up), part.scale};
            }
            map.adapter.dropout = {.dropped = adapters_.dropped(), .keys = keys, .stream = product->stream};
        }
        return map;
    }

    transformer_config config_;
    decoder_layout layout_;
    adapter_layout adapters_;
    std::shared_ptr<const frozen_weights<T, Backend>> frozen_;
    numbers trained_;
};

} // namespace preflearn
