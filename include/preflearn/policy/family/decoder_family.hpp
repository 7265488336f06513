/// \file
/// A family of decoders (Llama, Qwen2 …) as a value: which computation it is, and how its files name, store and default
/// its tensors and settings. Loading, saving, the layout of parameters and the forward pass read these tables; a new
/// family is one file that fills them in. Tables point to static storage, so that families are copied freely.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include <preflearn/backend/operands.hpp>

namespace preflearn {

/// What a tensor is for; its shape follows from the configuration. Matrices are outputs × inputs.
enum class tensor_role : std::uint8_t {
    embedding,
    positions, ///< learned positions, added to the embedding; a family without them turns queries and keys (rotary)
    attention_norm,
    query,
    key,
    value,
    query_key_value, ///< the three one below the other, where files have them as one tensor
    query_norm,      ///< of every head by itself, before the rotation
    key_norm,
    attention_output,
    attention_after_norm, ///< of what attention adds to the residual stream
    mlp_norm,
    gate, ///< a family without it (or gate_up) has a plain MLP, down · f(up)
    up,
    gate_up, ///< both, one below the other
    down,
    mlp_after_norm, ///< of what the MLP adds to the residual stream
    final_norm,
    head,
};
/// Of the whole model: the first of its tensors, or the last.
[[nodiscard]] constexpr bool before_layers(tensor_role role) {
    return role == tensor_role::embedding || role == tensor_role::positions;
}
[[nodiscard]] constexpr bool after_layers(tensor_role role) {
    return role == tensor_role::final_norm || role == tensor_role::head;
}
[[nodiscard]] constexpr bool is_norm(tensor_role role) {
    switch (role) {
    case tensor_role::attention_norm:
    case tensor_role::query_norm:
    case tensor_role::key_norm:
    case tensor_role::attention_after_norm:
    case tensor_role::mlp_norm:
    case tensor_role::mlp_after_norm:
    case tensor_role::final_norm:
        return true;
    default:
        return false;
    }
}

enum class tensor_part : std::uint8_t { weight, bias };

/// How the numbers of a tensor lie in a file.
enum class stored_form : std::uint8_t {
    plain,
    transposed,  ///< inputs × outputs (GPT-2)
    interleaved, ///< rows of each head as (pair, half) in place of (half, pair): llama.cpp's rotary layout for Llama
    by_head,     ///< query, key and value of a head together, then the next head's (GPT-NeoX)
    less_one,    ///< w - 1 (Gemma)
};

/// A tensor in one kind of file; no name: it is not there. "{}" in a name stands for the number of the layer, from 0.
struct stored_tensor {
    std::string_view name{};
    stored_form form = stored_form::plain;

    friend constexpr bool operator==(const stored_tensor&, const stored_tensor&) = default;
};

/// The members of transformer_config that files name.
enum class config_field : std::uint8_t {
    fixed, ///< none: what is computed here needs one value, and others are refused
    vocabulary_size,
    hidden_size,
    intermediate_size,
    layers,
    heads,
    key_value_heads,
    head_dim,
    rotary_dim,
    rope_theta,
    local_rope_theta,
    rope_scaling,
    no_rotary_every,
    norm_epsilon,
    window,
    full_attention_every,
    attention_width,
    attention_cap,
    logit_cap,
    logit_scale,
    embedding_scale,
    residual_scale,
    parallel_residual,
    attention_bias,
    mlp_bias,
    activation, ///< the family's `activation`, which is also what a file means that does not name one
    maximum_length,
    tied_embeddings,
};

struct tensor_entry {
    tensor_role role{};
    tensor_part part = tensor_part::weight;
    stored_tensor hugging_face{}, gguf{};
    /// The flag with which it is there; fixed: always.
    config_field when = config_field::fixed;

    friend constexpr bool operator==(const tensor_entry&, const tensor_entry&) = default;
};

/// What a number in a file is of the member.
enum class field_unit : std::uint8_t {
    plain,
    of_head_dim, ///< a share of head_dim
};

/// A setting in one kind of file. Without a name it has the value `absent` in all such files.
struct file_field {
    std::string_view name{};
    /// What a file that leaves it out means; none: it must be there.
    std::optional<double> absent{};
    /// What null means, and is written for; none: as absent.
    std::optional<double> null{};
    field_unit unit = field_unit::plain;

    friend constexpr bool operator==(const file_field&, const file_field&) = default;
};

/// Several entries of one field are several names of it: a file may have any, those that it has must agree, and where
/// it has none, the first's default counts.
struct field_entry {
    config_field field = config_field::fixed;
    file_field hugging_face{}, gguf{};
    /// The value of a fixed field; where entries of one name have several, any of them is taken.
    std::variant<bool, std::int64_t, std::string_view, std::nullptr_t> value{};
    bool written = true;

    friend constexpr bool operator==(const field_entry&, const field_entry&) = default;
};

/// Entries in static storage, of which a family is a view.
template <class Entry> class family_table {
  public:
    constexpr family_table() = default;
    template <std::size_t Count>
    constexpr family_table(const std::array<Entry, Count>& entries) : first_(entries.data()), count_(Count) {}

    [[nodiscard]] constexpr const Entry* begin() const { return first_; }
    [[nodiscard]] constexpr const Entry* end() const { return first_ + count_; }
    [[nodiscard]] constexpr std::size_t size() const { return count_; }
    friend constexpr bool operator==(const family_table&, const family_table&) = default;

  private:
    const Entry* first_ = nullptr;
    std::size_t count_ = 0;
};

/// One table of several, in their order.
template <class Entry, std::size_t... Counts>
constexpr std::array<Entry, (Counts + ...)> joined(const std::array<Entry, Counts>&... parts) {
    std::array<Entry, (Counts + ...)> all{};
    auto to = all.begin();
    ((to = std::copy(parts.begin(), parts.end(), to)), ...);
    return all;
}

struct decoder_family {
    /// `model_type` and the class in `architectures` of config.json, `general.architecture` of GGUF (none: no such
    /// files).
    std::string_view model_type{}, class_name{}, gguf_name{};
    norm_kind norm = norm_kind::rms;
    activation_kind activation = activation_kind::silu;
    /// Whether the embedding is multiplied by √hidden_size.
    bool scaled_embedding = false;
    /// Rows of the table of learned positions before that of position 0.
    std::size_t position_offset = 0;
    /// GGUF files do not say how attention scores are scaled. A model of so many layers scales them by
    /// 1/√(hidden_size / heads) (Gemma's with 27B), others by 1/√head_dim; 0: there is none.
    std::size_t hidden_width_layers = 0;
    /// Names of tensors in Hugging Face files may lack it (GPT-2's "transformer.").
    std::string_view optional_prefix{};
    /// `model_type` of a model that sees images, too: its config.json has this family's as `text_config`, its files
    /// this family's tensors within "language_model.", and others, whose names begin with `other_parts`.
    std::string_view text_part_of{};
    family_table<std::string_view> other_parts{};
    /// In the order of the flat vector: query, key and value follow each other, as do their biases, and gate and up.
    family_table<tensor_entry> tensors{};
    /// In the order in which config.json is written.
    family_table<field_entry> fields{};
    /// Ends of the names of tensors that hold no parameters: masks and tables of angles.
    family_table<std::string_view> ignored{};
    /// Fields of config.json that change nothing in this family.
    family_table<std::string_view> ignored_fields{};

    [[nodiscard]] constexpr const tensor_entry* find(tensor_role role, tensor_part part = tensor_part::weight) const {
        for (const tensor_entry& entry : tensors)
            if (entry.role == role && entry.part == part) return &entry;
        return nullptr;
    }
    [[nodiscard]] constexpr bool has(config_field field) const {
        for (const field_entry& entry : fields)
            if (entry.field == field) return true;
        return false;
    }
    /// Whether positions turn queries and keys; otherwise they are learned and added to the embedding.
    [[nodiscard]] constexpr bool rotary() const { return find(tensor_role::positions) == nullptr; }
    [[nodiscard]] constexpr mlp_kind mlp() const {
        return find(tensor_role::gate) != nullptr || find(tensor_role::gate_up) != nullptr ? mlp_kind::gated
                                                                                           : mlp_kind::plain;
    }
    friend constexpr bool operator==(const decoder_family&, const decoder_family&) = default;
};

} // namespace preflearn
