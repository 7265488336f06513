/// \file
/// The shape of a decoder-only transformer, with the names of Hugging Face's config.json, and its validation.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <preflearn/backend/operands.hpp>
#include <preflearn/core/numbers/finite_number.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/family/decoder_family.hpp>
#include <preflearn/policy/family/llama.hpp>

namespace preflearn {

/// How rotary frequencies are stretched for contexts longer than those trained on first.
struct rope_scaling {
    enum class rule : std::uint8_t {
        none,
        linear,
        llama3,
        yarn,    ///< Peng et al. 2023, arXiv:2309.00071
        dynamic, ///< the base grows with the length of a text beyond the original one
    };
    rule type = rule::none;
    /// linear: every frequency is divided by it; llama3 and yarn: the low frequencies are.
    double factor = 1;
    /// llama3 alone: wavelengths below original / high are kept, those above original / low are divided, and those
    /// between are blended.
    double low_frequency_factor = 1, high_frequency_factor = 4;
    /// llama3, yarn and dynamic: the length trained on first.
    std::size_t original_maximum_length = 8192;
    /// yarn alone: pairs that turn more than `beta_fast` times within the original length are kept, those that turn
    /// less than `beta_slow` times are divided, and those between are blended, by their number. `truncate`: the bounds
    /// are rounded to whole numbers, outwards.
    double beta_fast = 32, beta_slow = 1;
    bool truncate = true;
    /// yarn alone: factor of the cosines and sines; 0: 1 + ln(factor) / 10.
    double attention_factor = 0;
    /// head_dim / 2 divisors of the frequencies, applied besides the above; empty: none (GGUF's rope_freqs.weight).
    std::vector<double> frequency_divisors{};

    friend bool operator==(const rope_scaling&, const rope_scaling&) = default;
};

/// Loading fills every field from the checkpoint. Layers are counted from 1 where "every n-th" is said.
struct transformer_config {
    /// Which computation it is, and how its files name things.
    decoder_family family = families::llama;
    std::size_t vocabulary_size = 0;
    std::size_t hidden_size = 0;
    /// Width of the MLP; 0 in a plain one: 4 hidden_size.
    std::size_t intermediate_size = 0;
    std::size_t layers = 0;
    std::size_t heads = 0;
    /// Heads that share a key and a value are heads / key_value_heads; 0: as many as heads.
    std::size_t key_value_heads = 0;
    /// 0: hidden_size / heads.
    std::size_t head_dim = 0;
    /// How many of head_dim columns turn by rotary positions, an even number; 0: all.
    std::size_t rotary_dim = 0;
    double rope_theta = 10000;
    /// Rotary base of layers with a window, whose frequencies are not scaled; 0: as in the others.
    double local_rope_theta = 0;
    struct rope_scaling rope_scaling {};
    /// Every n-th layer has no positions; 0: none (SmolLM3: 4).
    std::size_t no_rotary_every = 0;
    double norm_epsilon = 1e-5;
    /// How many keys a query sees, its own included; 0: all before it.
    std::size_t window = 0;
    /// Every n-th layer is without the window; 0: none (Gemma 2: 2, Gemma 3: 6).
    std::size_t full_attention_every = 0;
    /// Query · key is scaled by 1/√attention_width; 0: head_dim (Gemma's query_pre_attn_scalar).
    double attention_width = 0;
    /// Attention scores s become cap · tanh(s / cap), and the output's logits likewise; 0: they do not.
    double attention_cap = 0, logit_cap = 0;
    /// Factor of the logits, before their cap.
    double logit_scale = 1;
    /// Factor of the token's embedding; 0: the family's (1 or √hidden_size).
    double embedding_scale = 0;
    /// Factor of what attention and MLP add to the residual stream.
    double residual_scale = 1;
    /// Attention and MLP both read the layer's input (GPT-NeoX); otherwise the MLP reads what attention left.
    bool parallel_residual = false;
    /// Whether all products of attention, and all of the MLP, have biases, where the family leaves that open (Llama).
    bool attention_bias = false, mlp_bias = false;
    /// Longest prompt + response in tokens. It bounds requests; of learned positions there are as many.
    std::size_t maximum_length = 2048;
    /// Whether the output head is the embedding matrix.
    bool tied_embeddings = true;
    /// Sampling stops at any of them.
    std::vector<token_id> end_tokens{};
    /// Standard deviation of random initial weights; 0: 1/√(inputs) of each matrix.
    double initializer_range = 0;
    /// What loading noticed and decided, sentences for people.
    std::vector<std::string> notes{};

    [[nodiscard]] std::size_t query_size() const { return heads * head_dim; }
    [[nodiscard]] std::size_t key_value_size() const { return key_value_heads * head_dim; }
    /// Keys that a query of this layer (from 0) sees; 0: all before it.
    [[nodiscard]] std::size_t window_of(std::size_t layer) const {
        return full_attention_every != 0 && (layer + 1) % full_attention_every == 0 ? 0 : window;
    }
    /// What a layer's attention is.
    [[nodiscard]] attention_shape attention(std::size_t layer) const {
        return {.heads = heads,
                .key_value_heads = key_value_heads,
                .dim = head_dim,
                .scale = attention_width != 0 ? 1 / std::sqrt(attention_width) : 0,
                .window = window_of(layer),
                .cap = attention_cap};
    }
    /// Whether this tensor of the family is there.
    [[nodiscard]] bool has(const tensor_entry& entry) const {
        if (entry.when == config_field::attention_bias) return attention_bias;
        return entry.when == config_field::mlp_bias ? mlp_bias : true;
    }
    /// Whether positions turn this layer's queries and keys.
    [[nodiscard]] bool rotates(std::size_t layer) const {
        return family.rotary() && !(no_rotary_every != 0 && (layer + 1) % no_rotary_every == 0);
    }
    /// Whether they turn by local_rope_theta there.
    [[nodiscard]] bool local_rotary(std::size_t layer) const { return local_rope_theta != 0 && window_of(layer) != 0; }

    friend bool operator==(const transformer_config&, const transformer_config&) = default;
};

/// Everything in a configuration that changes what is computed, as a text.
inline std::string identity_of(const transformer_config& c) {
    std::string text(c.family.model_type);
    const auto add = [&text](double number) { text += ' ' + shortest_digits(number); };
    for (const std::size_t size :
         {c.vocabulary_size, c.hidden_size, c.intermediate_size, c.layers, c.heads, c.key_value_heads, c.head_dim,
          c.rotary_dim, c.no_rotary_every, c.window, c.full_attention_every, c.rope_scaling.original_maximum_length})
        add(static_cast<double>(size));
    for (const double number :
         {c.rope_theta, c.local_rope_theta, c.rope_scaling.factor, c.rope_scaling.low_frequency_factor,
          c.rope_scaling.high_frequency_factor, c.norm_epsilon, c.attention_width, c.attention_cap, c.logit_cap,
          c.logit_scale, c.embedding_scale, c.residual_scale})
        add(number);
    if (c.rope_scaling.type == rope_scaling::rule::yarn)
        for (const double number : {c.rope_scaling.beta_fast, c.rope_scaling.beta_slow, c.rope_scaling.attention_factor,
                                    c.rope_scaling.truncate ? 1.0 : 0.0})
            add(number);
    for (const double number : c.rope_scaling.frequency_divisors) add(number);
    for (const int number : {static_cast<int>(c.rope_scaling.type), static_cast<int>(c.parallel_residual),
                             static_cast<int>(c.tied_embeddings)})
        add(number);
    if (c.family.has(config_field::activation)) add(static_cast<int>(c.family.activation));
    if (c.attention_bias) text += " attention_bias";
    if (c.mlp_bias) text += " mlp_bias";
    return text;
}

/// Adds an end token unless it is there already.
inline void add_end_token(transformer_config& config, token_id token) {
    for (const token_id known : config.end_tokens)
        if (known == token) return;
    config.end_tokens.push_back(token);
}

/// The configuration with its zeros filled in. `Error` is thrown where a field is out of range, naming it.
template <class Error = argument_error> transformer_config validated(transformer_config config) {
    constexpr std::size_t most = std::size_t{1} << 24; // keeps every product of two sizes far from overflow
    const auto size = [&](std::size_t value, const char* field) {
        require<Error>(value >= 1 && value <= most, "transformer_config.", field, ": a number from 1 to ", most,
                       " was expected, found ", value);
    };
    const auto positive = [&](double value, const char* field) {
        require<Error>(std::isfinite(value) && value > 0, "transformer_config.", field,
                       ": a positive number was expected, found ", value);
    };
    require<Error>(
        config.family.find(tensor_role::embedding) != nullptr,
        "transformer_config.family: a family with tables of tensors was expected, found none of model type \"",
        config.family.model_type, '"');
    const auto not_negative = [&](double value, const char* field) {
        require<Error>(std::isfinite(value) && value >= 0, "transformer_config.", field,
                       ": a finite number of at least 0 was expected, found ", value);
    };
    size(config.vocabulary_size, "vocabulary_size");
    size(config.hidden_size, "hidden_size");
    if (config.intermediate_size == 0 && config.family.mlp() == mlp_kind::plain)
        config.intermediate_size = 4 * config.hidden_size;
    size(config.intermediate_size, "intermediate_size");
    size(config.heads, "heads");
    require<Error>(config.layers <= 4096, "transformer_config.layers: at most 4096 were expected, found ",
                   config.layers);
    if (config.key_value_heads == 0) config.key_value_heads = config.heads;
    require<Error>(config.key_value_heads <= config.heads && config.heads % config.key_value_heads == 0,
                   "transformer_config.key_value_heads: a divisor of heads (", config.heads, ") was expected, found ",
                   config.key_value_heads);
    if (config.head_dim == 0) {
        require<Error>(config.hidden_size % config.heads == 0, "transformer_config.hidden_size: a multiple of heads (",
                       config.heads, ") was expected without head_dim, found ", config.hidden_size);
        config.head_dim = config.hidden_size / config.heads;
    }
    size(config.head_dim, "head_dim");
    size(config.query_size(), "head_dim times heads");
    if (config.family.rotary()) {
        if (config.rotary_dim == 0) {
            require<Error>(config.head_dim % 2 == 0,
                           "transformer_config.head_dim: rotary embeddings need an even number, found ",
                           config.head_dim);
            config.rotary_dim = config.head_dim;
        }
        require<Error>(config.rotary_dim % 2 == 0 && config.rotary_dim <= config.head_dim,
                       "transformer_config.rotary_dim: an even number up to head_dim (", config.head_dim,
                       ") was expected, found ", config.rotary_dim);
    }
    size(config.maximum_length, "maximum_length");
    positive(config.rope_theta, "rope_theta");
    not_negative(config.local_rope_theta, "local_rope_theta");
    positive(config.norm_epsilon, "norm_epsilon");
    not_negative(config.attention_width, "attention_width");
    not_negative(config.attention_cap, "attention_cap");
    not_negative(config.logit_cap, "logit_cap");
    positive(config.logit_scale, "logit_scale");
    if (config.embedding_scale == 0)
        config.embedding_scale =
            config.family.scaled_embedding ? std::sqrt(static_cast<double>(config.hidden_size)) : 1;
    positive(config.embedding_scale, "embedding_scale");
    positive(config.residual_scale, "residual_scale");
    not_negative(config.initializer_range, "initializer_range");
    auto& scaling = config.rope_scaling;
    positive(scaling.factor, "rope_scaling.factor");
    if (scaling.type == rope_scaling::rule::dynamic)
        require<Error>(
            config.rotary_dim > 2 && scaling.factor >= 1,
            "transformer_config.rope_scaling.factor: at least 1 was expected with dynamic scaling, and more ",
            "than 2 columns that turn, found ", scaling.factor, " and ", config.rotary_dim);
    if (scaling.type == rope_scaling::rule::yarn) {
        positive(scaling.beta_slow, "rope_scaling.beta_slow");
        require<Error>(std::isfinite(scaling.beta_fast) && scaling.beta_fast >= scaling.beta_slow,
                       "transformer_config.rope_scaling.beta_fast: a number of at least beta_slow (", scaling.beta_slow,
                       ") was expected, found ", scaling.beta_fast);
        require<Error>(config.rope_theta > 1,
                       "transformer_config.rope_theta: a number above 1 was expected with yarn, ", "found ",
                       config.rope_theta);
        if (scaling.attention_factor == 0) scaling.attention_factor = 1 + std::log(std::max(scaling.factor, 1.0)) / 10;
        positive(scaling.attention_factor, "rope_scaling.attention_factor");
    }
    positive(scaling.low_frequency_factor, "rope_scaling.low_frequency_factor");
    require<Error>(std::isfinite(scaling.high_frequency_factor) &&
                       scaling.high_frequency_factor > scaling.low_frequency_factor,
                   "transformer_config.rope_scaling.high_frequency_factor: a number above low_frequency_factor (",
                   scaling.low_frequency_factor, ") was expected, found ", scaling.high_frequency_factor);
    size(scaling.original_maximum_length, "rope_scaling.original_maximum_length");
    require<Error>(scaling.frequency_divisors.empty() || scaling.frequency_divisors.size() == config.rotary_dim / 2,
                   "transformer_config.rope_scaling.frequency_divisors: ",
                   config.rotary_dim == config.head_dim ? "head_dim" : "rotary_dim", " / 2 = ", config.rotary_dim / 2,
                   " numbers were expected, found ", scaling.frequency_divisors.size());
    for (const double divisor : scaling.frequency_divisors) positive(divisor, "rope_scaling.frequency_divisors");
    for (const token_id token : config.end_tokens)
        require<Error>(token >= 0 && static_cast<std::size_t>(token) < config.vocabulary_size,
                       "transformer_config.end_tokens: a token id below vocabulary_size (", config.vocabulary_size,
                       ") was expected, found ", token);
    return config;
}

} // namespace preflearn
