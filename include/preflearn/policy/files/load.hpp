/// \file
/// Transformers from and to disk. Weights are converted (dequantised, where need be) from the mapped file straight
/// into the flat parameter vector. Every tensor must be there with its shape, and none may be left over: a bias that
/// is silently dropped would be a wrong model.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <preflearn/backend/cpu/backend.hpp>
#include <preflearn/checkpoint/checkpoint_file.hpp>
#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/family/llama.hpp>
#include <preflearn/policy/files/config_files.hpp>
#include <preflearn/policy/transformer.hpp>

namespace preflearn {

namespace detail {

/// The row of a GGUF query or key matrix that holds row `r`: llama.cpp's converter stores the two halves of each head
/// interleaved, (head, pair, half) in place of (head, half, pair).
inline std::size_t interleaved_row(std::size_t r, std::size_t head_dim) {
    const std::size_t head = r / head_dim, within = r % head_dim, half = head_dim / 2;
    return head * head_dim + 2 * (within % half) + within / half;
}

/// \throws input_error naming file and tensor, found and expected, unless the file holds exactly these tensors.
template <class Architecture>
std::vector<const tensor_view*> match_tensors(const checkpoint_file& file, const parameter_layout<Architecture>& layout,
                                              bool gguf) {
    const std::string origin = file.path().string();
    std::vector<const tensor_view*> found;
    std::unordered_set<std::string_view> used;
    for (const tensor_place& place : layout.tensors()) {
        const tensor_view& tensor =
            file.at(layer_name(gguf ? place.names->gguf : place.names->hugging_face, place.layer));
        std::vector<std::size_t> shape{place.rows, place.columns};
        if (place.is_vector) shape.erase(shape.begin());
        require<input_error>(tensor.shape == shape, origin, ": tensor '", tensor.name, "': shape ",
                             text_of_shape(shape), " was expected, found ", text_of_shape(tensor.shape));
        found.push_back(&tensor);
        used.insert(tensor.name);
    }
    for (const tensor_view& tensor : file.tensors()) {
        const std::string_view name = tensor.name;
        const bool harmless = name == "rope_freqs.weight" || name.ends_with("rotary_emb.inv_freq") ||
                              (!gguf && name == Architecture::head.hugging_face); // a tied head may be stored as well
        require<input_error>(harmless || used.contains(name), origin, ": tensor '", name, "' has no place in a ",
                             Architecture::model_type, " model of ", layout.tensors().size(), " tensors");
    }
    return found;
}

/// The stored head of a model whose config.json says that head and embedding are one; null where there is none, or it
/// is the same numbers. transformers keeps such a head as well.
template <class Architecture>
const tensor_view* head_of_its_own(const checkpoint_file& file, const transformer_config& config) {
    if (!config.tied_embeddings) return nullptr;
    const tensor_view *const head = file.find(Architecture::head.hugging_face),
                             *const embedding = file.find(Architecture::embedding.hugging_face);
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

} // namespace detail

/// Loads a model of the family `Architecture`: a Hugging Face folder (config.json and safetensors, sharded or not) or
/// a GGUF file. `extra` parameters are added at the end (see transformer).
/// Where config.json ties head and embedding but another head is stored, the stored one is used, as transformers does;
/// this and other decisions are in the model's `notes()`.
/// \throws input_error naming file, tensor or field, what was found and what was expected.
template <std::floating_point Scalar, class Architecture = llama, class Backend = cpu_backend>
transformer<Scalar, Architecture, Backend> load_transformer(const std::filesystem::path& path, std::size_t extra = 0) {
    const bool folder = std::filesystem::is_directory(path);
    const checkpoint_file file = folder ? read_safetensors(path) : read_gguf(path);
    transformer_config config =
        folder ? read_config_json<Architecture>(path / "config.json") : read_gguf_config<Architecture>(file);
    if (folder && detail::head_of_its_own<Architecture>(file, config) != nullptr) {
        config.tied_embeddings = false;
        config.notes.push_back(message(path.string(), ": config.json says tie_word_embeddings, but the stored ",
                                       Architecture::head.hugging_face, " differs from ",
                                       Architecture::embedding.hugging_face, "; the stored head is used"));
    }
    if (!folder &&
        file.metadata().find(std::string(Architecture::gguf_name) + ".rope.freq_base") == file.metadata().end())
        config.notes.push_back(message(path.string(), ": ", Architecture::gguf_name, ".rope.freq_base is not given; ",
                                       config.rope_theta, " is taken, as llama.cpp does"));
    const parameter_layout<Architecture> layout(config);
    const auto found = detail::match_tensors(file, layout, !folder); // before any memory is taken
    transformer<Scalar, Architecture, Backend> model(config, extra);
    const std::span<Scalar> parameters = model.parameters();
    for (std::size_t t = 0; t < found.size(); ++t) {
        const tensor_place& place = layout.tensors()[t];
        const tensor_view& tensor = *found[t];
        const bool turned = !folder && Architecture::gguf_interleaves_rotary &&
                            (place.role == tensor_role::query || place.role == tensor_role::key);
        parallel_blocks(place.rows, 1 + 65536 / place.columns, [&](std::size_t begin, std::size_t end) {
            if (!turned) {
                read_values(tensor, begin * place.columns,
                            parameters.subspan(place.offset + begin * place.columns, (end - begin) * place.columns));
                return;
            }
            for (std::size_t r = begin; r < end; ++r)
                read_values(tensor, detail::interleaved_row(r, config.head_dim) * place.columns,
                            parameters.subspan(place.offset + r * place.columns, place.columns));
        });
    }
    return model;
}

/// Writes config.json and model.safetensors (F32 for float, F64 for double) that transformers loads; makes the folder.
/// Each file appears whole or not at all. Extra parameters are not saved. \throws input_error when it cannot be
/// written; argument_error when config.json cannot express the model.
template <class Model> void save_transformer(const Model& model, const std::filesystem::path& folder) {
    using scalar = typename Model::scalar;
    const auto config =
        config_json<typename Model::architecture>(model.config(), sizeof(scalar) == 4 ? "float32" : "float64");
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    require<input_error>(!failure, folder.string(), ": cannot be made: ", failure.message());
    std::vector<tensor_view> views;
    for (const auto& tensor : tensors(model)) views.push_back(as_tensor(tensor.name, tensor.shape, tensor.values));
    write_safetensors(folder / "model.safetensors", views);
    write_atomically(folder / "config.json", [&](std::ostream& out) { out << config.dump(2) << '\n'; });
}

} // namespace preflearn
