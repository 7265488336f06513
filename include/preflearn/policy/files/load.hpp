/// \file
/// Transformers from disk. Weights are converted (dequantised, where need be) from the mapped file straight
/// into the flat parameter vector. Every tensor must be there with its shape, and none may be left over: a bias that
/// is silently dropped would be a wrong model. Names and forms are in the family's table.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/checkpoint_file.hpp>
#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/checkpoint/pickled.hpp>
#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/policy/any_backend.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/decoder/frozen_tensors.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/decoder/trained_tensors.hpp>
#include <preflearn/policy/family/decoder_family.hpp>
#include <preflearn/policy/family/families.hpp>
#include <preflearn/policy/files/config_files.hpp>
#include <preflearn/policy/files/save.hpp>
#include <preflearn/policy/files/tensor_forms.hpp>
#include <preflearn/policy/files/transformer_loader.hpp>
#include <preflearn/policy/transformer.hpp>

namespace preflearn {

namespace detail {

/// A model's file: its configuration, and the tensor that fills each place of the layout.
struct model_file {
    checkpoint_file file;
    stored_tensor tensor_entry::*kind;
    transformer_config config;
    decoder_layout layout{};
    std::vector<const tensor_view*> tensors{};
    bool untied = false; ///< the head begins as the embedding
    bool scores = false; ///< a head that scores texts, score.weight, is expected instead of the language model's

    /// The tensor of an entry, whose name may lack the family's prefix or stand within a larger model's, as either
    /// generation of transformers has it; or a null pointer.
    [[nodiscard]] const tensor_view* find(const tensor_entry& entry, std::size_t layer) const {
        const std::string name = layer_name((entry.*kind).name, layer);
        const tensor_view* found = file.find(name);
        const std::string_view prefix = config.family.optional_prefix;
        if (found == nullptr && !prefix.empty() && name.starts_with(prefix))
            found = file.find(std::string_view(name).substr(prefix.size()));
        if (found != nullptr || config.family.text_part_of.empty()) return found;
        found = file.find("language_model." + name);
        const bool inner = name.starts_with("model.");
        return found == nullptr && inner ? file.find("model.language_model" + name.substr(5)) : found;
    }

    /// \throws input_error naming file and tensor, found and expected, unless the file holds exactly these tensors.
    void match() {
        const std::string origin = file.path().string();
        layout = decoder_layout(config);
        std::unordered_set<std::string_view> used;
        for (const tensor_place& place : layout.tensors()) {
            const tensor_view* found = find(place.entry, place.layer);
            if (found == nullptr && untied && place.entry.role == tensor_role::head)
                found = find(*config.family.find(tensor_role::embedding), 0);
            if (found == nullptr) found = &file.at(layer_name((place.entry.*kind).name, place.layer)); // says so
            const std::vector<std::size_t> shape = stored_shape((place.entry.*kind).form, place);
            require<input_error>(found->shape == shape, origin, ": tensor '", found->name, "': shape ",
                                 text_of_shape(shape), " was expected, found ", text_of_shape(found->shape));
            tensors.push_back(found);
            used.insert(found->name);
        }
        for (const tensor_view& tensor : file.tensors())
            require<input_error>(used.contains(tensor.name) || is_harmless(tensor.name), origin, ": tensor '",
                                 tensor.name, "' has no place in a ", config.family.model_type, " model of ",
                                 layout.tensors().size(), " tensors");
    }

    /// Gives a model whose head is the embedding one of its own.
    void untie() {
        if (!config.tied_embeddings) return;
        config.tied_embeddings = false;
        untied = true;
        config.notes.push_back(message(file.path().string(), ": the head, which is the embedding, becomes a matrix of "
                                                             "its own, since it is to be trained without it"));
    }

    /// The head of a model whose config.json says that head and embedding are one, where it is stored and has other
    /// numbers; transformers uses such a head as well.
    [[nodiscard]] const tensor_view* head_of_its_own() const {
        const tensor_entry* const entry = config.family.find(tensor_role::head);
        if (!config.tied_embeddings || entry == nullptr) return nullptr;
        const tensor_view *const head = find(*entry, 0), *const embedding =
                                                             find(*config.family.find(tensor_role::embedding), 0);
        if (head == nullptr || embedding == nullptr) return nullptr;
        if (head->shape != embedding->shape) return head; // its shape is complained of when it is matched
        if (head->type == embedding->type && std::ranges::equal(head->bytes, embedding->bytes)) return nullptr;
        constexpr std::size_t most = std::size_t{1} << 16;
        std::vector<double> of_head, of_embedding;
        for (std::size_t at = 0; at < head->size(); at += most) {
            of_head.resize(std::min(most, head->size() - at));
            of_embedding.resize(of_head.size());
            read_values(*head, at, std::span(of_head));
            read_values(*embedding, at, std::span(of_embedding));
            if (of_head != of_embedding) return head;
        }
        return nullptr;
    }

  private:
    /// A tied head may be stored as well; the angles of a GGUF file are part of its configuration.
    [[nodiscard]] bool is_harmless(std::string_view name) const {
        const tensor_entry* const head = config.family.find(tensor_role::head);
        const bool gguf = kind == &tensor_entry::gguf;
        if (scores && name == "score.weight") return true;
        if (gguf ? name == "rope_freqs.weight" : head != nullptr && name == head->hugging_face.name) return true;
        const auto begins = [&](std::string_view begin) { return name.starts_with(begin); };
        if (std::ranges::any_of(config.family.other_parts, begins)) return true;
        return std::ranges::any_of(config.family.ignored, [&](std::string_view end) { return name.ends_with(end); });
    }
};

/// Whether config.json names a class that scores texts, NameForSequenceClassification.
inline bool names_classifier(const std::filesystem::path& config) {
    const nlohmann::json json = read_json_file(config);
    const nlohmann::json& classes = member_or_null(json, "architectures");
    const bool named = classes.is_array() && !classes.empty() && classes.front().is_string();
    return named && classes.front().get<std::string>().ends_with("ForSequenceClassification");
}

/// \throws input_error for a folder that holds an adapter and no model.
inline void refuse_adapter(const std::filesystem::path& folder) {
    std::error_code ignored;
    if (std::filesystem::exists(folder / "config.json", ignored) ||
        !std::filesystem::exists(folder / "adapter_config.json", ignored))
        return;
    const nlohmann::json config = read_json_file(folder / "adapter_config.json");
    const nlohmann::json& base = member_or_null(config, "base_model_name_or_path");
    throw input_error(message(folder.string(),
                              ": holds an adapter (adapter_config.json), and a model was expected; name the model that "
                              "it was learned on",
                              base.is_string() ? ", " + base.get<std::string>() + "," : std::string(),
                              " and this folder as its adapter, where a program takes one (--adapter)"));
}

/// A Hugging Face folder or a GGUF file. \param scores whether one that scores texts is meant, too
template <int = on_demand>
model_file open_model(const std::filesystem::path& path, std::span<const decoder_family> known, bool scores = false) {
    if (!std::filesystem::is_directory(path)) {
        refuse_pickled(path);
        const checkpoint_file file = read_gguf(path);
        return {.file = file, .kind = &tensor_entry::gguf, .config = read_gguf_config(file, known)};
    }
    refuse_adapter(path);
    model_file model{.file = read_safetensors(path),
                     .kind = &tensor_entry::hugging_face,
                     .config = read_config_json(path / "config.json", known),
                     .scores = names_classifier(path / "config.json")};
    require<input_error>(scores || !model.scores, path.string(),
                         ": is a model that scores texts (…ForSequenceClassification), and a language model was "
                         "expected: it gives no log-probabilities");
    const tensor_entry* const own = model.config.family.find(tensor_role::head);
    if (model.scores && own != nullptr && model.find(*own, 0) == nullptr) model.config.tied_embeddings = true;
    if (const tensor_view* const head = model.head_of_its_own()) {
        model.config.tied_embeddings = false;
        model.config.notes.push_back(message(
            path.string(), ": config.json says tie_word_embeddings, but the stored ", head->name, " differs from ",
            model.config.family.find(tensor_role::embedding)->hugging_face.name, "; the stored head is used"));
    }
    return model;
}

/// A model that `make(config, frozen tensors)` makes, with the numbers of a file.
template <std::floating_point Scalar, class Make>
auto load_made(const Make& make, const std::filesystem::path& path, const trained_tensors& trained,
               std::span<const decoder_family> known, bool scores = false) {
    model_file stored = open_model(path, known, scores);
    if (trained.own_head) stored.untie();
    const trained_tensors learned = trained.of(stored.config.layers);
    stored.match(); // before any memory is taken
    const auto form = [&](const tensor_place& place) { return (place.entry.*stored.kind).form; };
    const std::vector<tensor_place>& places = stored.layout.tensors();
    frozen_tensors frozen;
    for (std::size_t t = 0; t < places.size(); ++t)
        if (!learned.contains(places[t]))
            frozen.emplace(t, as_frozen<Scalar>(*stored.tensors[t], form(places[t]), places[t], stored.config,
                                                std::make_shared<const checkpoint_file>(stored.file)));
    auto model = make(stored.config, std::move(frozen));
    model.write_parameters([&](std::span<Scalar> all) {
        for (std::size_t t = 0; t < places.size(); ++t)
            if (const auto at = model.weights().trained_offset(places[t]))
                read_stored(*stored.tensors[t], form(places[t]), places[t], model.config(),
                            all.subspan(*at, places[t].size()));
    });
    return model;
}

} // namespace detail

template <std::floating_point Scalar, class Backend>
transformer<Scalar, Backend> load_transformer(const std::filesystem::path& path, const trained_tensors& trained,
                                              std::span<const decoder_family> known) {
    const auto make = [](const transformer_config& config, frozen_tensors frozen) {
        return transformer<Scalar, Backend>(config, std::move(frozen));
    };
    return detail::load_made<Scalar>(make, path, trained, known);
}

/// `load_transformer` on a backend that is chosen at run time. \throws as that.
template <std::floating_point Scalar>
any_transformer<Scalar> load_any_transformer(const any_backend<Scalar>& on, const std::filesystem::path& path,
                                             const trained_tensors& trained = {},
                                             std::span<const decoder_family> known = families::all) {
    return detail::load_made<Scalar>(on.make, path, trained, known);
}

} // namespace preflearn
