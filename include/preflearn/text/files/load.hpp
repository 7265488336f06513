/// \file
/// A tokenizer from whatever holds one: a GGUF file, a tokenizer.json, or a Hugging Face folder.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/text/files/tokenizer_gguf.hpp>
#include <preflearn/text/files/tokenizer_json.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

/// Loads a GGUF file's own tokenizer, a folder's tokenizer.json, or a JSON file in that format. Where a
/// tokenizer_config.json lies beside the JSON file, begin, end and added tokens are taken from it, and from the older
/// special_tokens_map.json and added_tokens.json where it lists none.
/// \throws input_error naming the file and what is wrong with it; argument_error listing the names when
/// `options.pretokenizer` is none of them.
inline tokenizer load_tokenizer(const std::filesystem::path& path, const tokenizer_options& options = {}) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) {
        require<input_error>(std::filesystem::exists(path / "tokenizer.json", ignored), path.string(),
                             ": tokenizer.json was expected in this folder");
        return load_tokenizer(path / "tokenizer.json", options);
    }
    const mapped_file file(path);
    if (file.text().starts_with("GGUF")) return tokenizer_from_gguf(read_gguf(path), options);
    const nlohmann::json content = parse_json(file.text(), path.string());
    const auto beside = [&](const char* name) {
        const auto other = path.parent_path() / name;
        return std::filesystem::exists(other, ignored) ? read_json_file(other) : nlohmann::json();
    };
    const nlohmann::json config = with_older_files(beside("tokenizer_config.json"), beside("special_tokens_map.json"),
                                                   beside("added_tokens.json"), content);
    return tokenizer_from_json(content, config, path.string(), options);
}

} // namespace preflearn
