/// \file
/// A tokenizer from whatever holds one: a GGUF file, a tokenizer.json, or a Hugging Face folder with it or with
/// vocab.json and merges.txt.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/text/files/tokenizer_gguf.hpp>
#include <preflearn/text/files/tokenizer_json.hpp>
#include <preflearn/text/files/vocabulary_merges.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

/// Loads a GGUF file's own tokenizer, a folder's tokenizer.json, or a JSON file in that format; of a folder without
/// tokenizer.json, vocab.json and merges.txt. Where a tokenizer_config.json lies beside these, begin, end and added
/// tokens are taken from it, and from the older special_tokens_map.json and added_tokens.json where it lists none.
/// \throws input_error naming the file and what is wrong with it; argument_error listing the names when
/// `options.pretokenizer` is none of them.
template <int = on_demand>
tokenizer load_tokenizer(const std::filesystem::path& path, const tokenizer_options& options = {}) {
    std::error_code ignored;
    const bool is_folder = std::filesystem::is_directory(path, ignored);
    if (is_folder && std::filesystem::exists(path / "tokenizer.json", ignored))
        return load_tokenizer(path / "tokenizer.json", options);
    const std::filesystem::path folder = is_folder ? path : path.parent_path();
    const auto beside = [&](const char* name) {
        return std::filesystem::exists(folder / name, ignored) ? read_json_file(folder / name) : nlohmann::json();
    };
    const auto configuration = [&](const nlohmann::json& content) {
        return with_older_files(beside("tokenizer_config.json"), beside("special_tokens_map.json"),
                                beside("added_tokens.json"), content);
    };
    if (is_folder) {
        require<input_error>(has_vocabulary_and_merges(path), path.string(),
                             ": tokenizer.json was expected in this folder, or vocab.json and merges.txt");
        nlohmann::json config = configuration(nlohmann::json());
        const nlohmann::json content = tokenizer_json_of_merges(path, config);
        return tokenizer_from_json(content, config, (path / "vocab.json").string(), options);
    }
    const mapped_file file(path);
    if (file.text().starts_with("GGUF")) return tokenizer_from_gguf(read_gguf(path), options);
    const nlohmann::json content = parse_json(file.text(), path.string());
    return tokenizer_from_json(content, configuration(content), path.string(), options);
}

} // namespace preflearn
