/// \file
/// A scalar head on a model from and to Hugging Face's form of reward models, NameForSequenceClassification with one
/// label: config.json (architectures, id2label of one, pad_token_id) and model.safetensors with the model's tensors,
/// without a language model's head, and score.weight, 1 × hidden_size. transformers takes the score where the last
/// token stands that is not pad_token_id, so that a text which is to be scored at its end token must not be padded by
/// that token.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/checkpoint_file.hpp>
#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/checkpoint/tensor.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/any_scalar_head.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/decoder/trained_tensors.hpp>
#include <preflearn/policy/family/families.hpp>
#include <preflearn/policy/files/load.hpp>
#include <preflearn/policy/files/save.hpp>

namespace preflearn {

/// Whether a model's folder is of that form; a GGUF file is not.
inline bool is_sequence_classifier(const std::filesystem::path& model) {
    std::error_code ignored;
    return std::filesystem::is_directory(model, ignored) && std::filesystem::exists(model / "config.json", ignored) &&
           detail::names_classifier(model / "config.json");
}

namespace detail {

inline constexpr std::string_view score_name = "score.weight";

/// score.weight of a folder. \throws input_error for another number of labels than one.
template <std::floating_point Scalar>
std::vector<Scalar> read_score(const std::filesystem::path& folder, std::size_t hidden_size) {
    const checkpoint_file file = read_safetensors(folder);
    const tensor_view& score = file.at(score_name);
    require<input_error>(score.shape.size() == 2 && score.shape[1] == hidden_size, folder.string(), ": tensor '",
                         score.name, "': shape [1, ", hidden_size, "] was expected, found ",
                         text_of_shape(score.shape));
    require<input_error>(score.shape[0] == 1, folder.string(), ": tensor '", score.name, "' has ", score.shape[0],
                         " labels (num_labels), and a reward has one");
    std::vector<Scalar> v(hidden_size);
    read_values(score, 0, std::span<Scalar>(v));
    return v;
}

} // namespace detail

/// Loads a model with a scalar head: one of that form with its own, else a language model with a head of zeros. A head
/// that predicts tokens, which has no part in it, never learns.
/// \throws input_error as `load_transformer`, and for another number of labels than one.
template <std::floating_point Scalar>
any_scalar_head<Scalar> load_scalar_head(const any_backend<Scalar>& on, const std::filesystem::path& path,
                                         trained_tensors trained = trained_tensors::none(),
                                         bool recompute_activations = false) {
    trained.head = trained.own_head = false;
    any_transformer<Scalar> model = detail::load_made<Scalar>(on.make, path, trained, families::all, true);
    model.recompute_activations(recompute_activations);
    any_scalar_head<Scalar> head(model);
    if (is_sequence_classifier(path)) {
        const std::vector<Scalar> v = detail::read_score<Scalar>(path, model.config().hidden_size);
        head.write_head([&](std::span<Scalar> to) { std::ranges::copy(v, to.begin()); });
    }
    return head;
}

/// "LlamaForCausalLM" -> "LlamaForSequenceClassification", as transformers names the classes of a family.
inline std::string sequence_classifier_class(const decoder_family& family) {
    if (family.model_type == "gemma3_text") return "Gemma3TextForSequenceClassification";
    std::string name(family.class_name);
    for (const std::string_view end : {"ForCausalLM", "LMHeadModel"})
        if (name.ends_with(end)) name.resize(name.size() - end.size());
    return name + "ForSequenceClassification";
}

/// Writes config.json and model.safetensors of that form; makes the folder. Numbers as `save_transformer` writes them,
/// an adapter merged. \param pad_token by which texts of a batch are padded; without it transformers scores one text
/// at a time \throws as `save_transformer`.
template <std::floating_point Scalar>
void save_sequence_classifier(const any_scalar_head<Scalar>& head, const std::filesystem::path& folder,
                              std::optional<token_id> pad_token = {},
                              element_type type = sizeof(Scalar) == 4 ? element_type::f32 : element_type::f64) {
    using namespace std::string_literals;
    const any_transformer<Scalar> model = head.model();
    nlohmann::ordered_json config = config_json(model.config(), detail::torch_name_of(type));
    config["architectures"] = {sequence_classifier_class(model.config().family)};
    config["id2label"] = {{"0"s, "LABEL_0"s}};
    config["label2id"] = {{"LABEL_0"s, 0}};
    if (pad_token) config["pad_token_id"] = *pad_token;
    make_folder(folder);
    const std::vector<Scalar> v = head.read_head();
    const std::vector<std::byte> score = encode_values(std::span<const Scalar>(v), type);
    const std::vector<tensor_place>& places = model.layout().tensors();
    std::size_t end = places.size();
    while (end > 0 && places[end - 1].entry.role == tensor_role::head) --end; // it stands behind all others
    detail::save_tensors(model, 0, end, type, folder / "model.safetensors",
                         {{std::string(detail::score_name), type, {1, v.size()}, score}});
    write_atomically(folder / "config.json", [&](std::ostream& out) { out << config.dump(2) << '\n'; });
}

} // namespace preflearn
