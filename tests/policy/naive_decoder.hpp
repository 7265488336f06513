/// \file
/// A decoder from the formulas, row by row and head by head: what decoder/forward.hpp must compute of any family.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <span>
#include <vector>

#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/decoder/rotary.hpp>

namespace test {

/// `parameters` as the layout has them.
class naive_decoder {
  public:
    using numbers = std::vector<double>;

    naive_decoder(const preflearn::transformer_config& config, std::span<const double> parameters)
        : c_(config), layout_(config), parameters_(parameters) {}

    /// Logits behind every token.
    [[nodiscard]] std::vector<numbers> logits(std::span<const preflearn::token_id> tokens) const {
        std::vector<numbers> rows;
        for (std::size_t p = 0; p < tokens.size(); ++p) {
            numbers x(c_.hidden_size);
            for (std::size_t i = 0; i < x.size(); ++i) {
                x[i] = c_.embedding_scale * at(layout_.embedding().weight, static_cast<std::size_t>(tokens[p]), i);
                if (layout_.positions().present()) x[i] += at(layout_.positions().weight, p, i);
            }
            rows.push_back(x);
        }
        for (std::size_t layer = 0; layer < c_.layers; ++layer) run(layer, rows);
        for (numbers& row : rows) {
            row = linear(layout_.head(), normed(layout_.final_norm(), row));
            for (double& z : row) {
                z *= c_.logit_scale;
                if (c_.logit_cap != 0) z = c_.logit_cap * std::tanh(z / c_.logit_cap);
            }
        }
        return rows;
    }

  private:
    using place = preflearn::weight_place;

    [[nodiscard]] double at(const preflearn::weight_block& block, std::size_t r, std::size_t c) const {
        return parameters_[block.offset + r * block.columns + c];
    }
    [[nodiscard]] numbers linear(const place& w, const numbers& x) const {
        numbers y(w.weight.rows);
        for (std::size_t r = 0; r < y.size(); ++r) {
            if (w.bias.present()) y[r] = at(w.bias, 0, r);
            for (std::size_t i = 0; i < x.size(); ++i) y[r] += at(w.weight, r, i) * x[i];
        }
        return y;
    }
    /// Of every part as wide as the weight; x without a norm.
    [[nodiscard]] numbers normed(const place& w, numbers x) const {
        if (!w.present()) return x;
        const std::size_t n = w.weight.columns;
        for (std::size_t first = 0; first < x.size(); first += n) {
            double mean = 0, square = 0;
            const bool layer = c_.family.norm == preflearn::norm_kind::layer;
            for (std::size_t i = 0; i < n && layer; ++i) mean += x[first + i] / static_cast<double>(n);
            for (std::size_t i = 0; i < n; ++i) square += std::pow(x[first + i] - mean, 2) / static_cast<double>(n);
            for (std::size_t i = 0; i < n; ++i) {
                double& value = x[first + i];
                value = (value - mean) / std::sqrt(square + c_.norm_epsilon) * at(w.weight, 0, i);
                if (w.bias.present()) value += at(w.bias, 0, i);
            }
        }
        return x;
    }
    [[nodiscard]] double activated(double x) const {
        switch (c_.family.activation) {
        case preflearn::activation_kind::silu:
            return x / (1 + std::exp(-x));
        case preflearn::activation_kind::gelu:
            return x * std::erfc(-x / std::numbers::sqrt2) / 2;
        case preflearn::activation_kind::gelu_tanh:
            return x / 2 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
        default:
            return std::max(x, 0.0);
        }
    }
    void turn(std::size_t layer, std::size_t position, std::span<double> head) const {
        if (!c_.rotates(layer)) return;
        const std::vector<double> frequencies = preflearn::rotary_frequencies(c_, c_.local_rotary(layer));
        const double factor = preflearn::rotary_factor(c_, c_.local_rotary(layer));
        const std::size_t half = frequencies.size();
        for (std::size_t i = 0; i < half; ++i) {
            const double angle = static_cast<double>(position) * frequencies[i], x = head[i], y = head[half + i];
            head[i] = factor * (x * std::cos(angle) - y * std::sin(angle));
            head[half + i] = factor * (y * std::cos(angle) + x * std::sin(angle));
        }
    }
    void run(std::size_t layer, std::vector<numbers>& rows) const {
        const preflearn::layer_places& w = layout_.layer(layer);
        const std::vector<numbers> input = rows;
        const std::size_t dim = c_.head_dim, wide = c_.query_size(), narrow = c_.key_value_size();
        std::vector<numbers> queries, keys, values;
        for (std::size_t p = 0; p < rows.size(); ++p) {
            const numbers qkv = linear(w.query_key_value, normed(w.attention_norm, input[p]));
            const auto split = [&](std::size_t first, std::size_t count) {
                const auto begin = qkv.begin() + static_cast<std::ptrdiff_t>(first);
                return numbers(begin, begin + static_cast<std::ptrdiff_t>(count));
            };
            queries.push_back(normed(w.query_norm, split(0, wide)));
            keys.push_back(normed(w.key_norm, split(wide, narrow)));
            values.push_back(split(wide + narrow, narrow));
            for (std::size_t h = 0; h < c_.heads; ++h) turn(layer, p, std::span(queries[p]).subspan(h * dim, dim));
            for (std::size_t h = 0; h < c_.key_value_heads; ++h)
                turn(layer, p, std::span(keys[p]).subspan(h * dim, dim));
        }
        for (std::size_t p = 0; p < rows.size(); ++p) {
            numbers mixed(wide);
            for (std::size_t h = 0; h < c_.heads; ++h) attend(layer, p, h, queries[p], keys, values, mixed);
            const auto add = [&](const place& after, const numbers& added) {
                const numbers all = normed(after, added);
                for (std::size_t i = 0; i < all.size(); ++i) rows[p][i] += c_.residual_scale * all[i];
            };
            add(w.attention_after_norm, linear(w.attention_output, mixed));
            const numbers& read = c_.parallel_residual ? input[p] : rows[p];
            const bool shared = c_.parallel_residual && !w.mlp_norm.present();
            const numbers both = linear(w.gate_up, normed(shared ? w.attention_norm : w.mlp_norm, read));
            numbers inner(c_.intermediate_size);
            for (std::size_t i = 0; i < inner.size(); ++i) {
                inner[i] = activated(both[i]);
                if (c_.family.mlp() == preflearn::mlp_kind::gated) inner[i] *= both[inner.size() + i];
            }
            add(w.mlp_after_norm, linear(w.down, inner));
        }
    }
    void attend(std::size_t layer, std::size_t p, std::size_t h, const numbers& query, const std::vector<numbers>& keys,
                const std::vector<numbers>& values, numbers& mixed) const {
        const std::size_t dim = c_.head_dim, kv = h / (c_.heads / c_.key_value_heads), window = c_.window_of(layer);
        const double width = c_.attention_width != 0 ? c_.attention_width : static_cast<double>(dim);
        double total = 0;
        numbers sum(dim);
        for (std::size_t k = window != 0 && p + 1 > window ? p + 1 - window : 0; k <= p; ++k) {
            double score = 0;
            for (std::size_t i = 0; i < dim; ++i) score += query[h * dim + i] * keys[k][kv * dim + i];
            score /= std::sqrt(width);
            if (c_.attention_cap != 0) score = c_.attention_cap * std::tanh(score / c_.attention_cap);
            total += std::exp(score);
            for (std::size_t i = 0; i < dim; ++i) sum[i] += std::exp(score) * values[k][kv * dim + i];
        }
        for (std::size_t i = 0; i < dim; ++i) mixed[h * dim + i] = sum[i] / total;
    }

    preflearn::transformer_config c_;
    preflearn::decoder_layout layout_;
    std::span<const double> parameters_;
};

} // namespace test
