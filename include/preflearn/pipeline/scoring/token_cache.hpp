/// \file
/// Token ids of texts in a folder, a file for a tokenizer and the way it is used, so that texts are encoded once for
/// all runs. A file knows the tokenizer's files by their content, and its own; what is damaged or another's is noted
/// and encoded anew.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/mapped_file.hpp>
#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/version.hpp>
#include <preflearn/policy/text/known_tokens.hpp>
#include <preflearn/text/tokenizer.hpp>
#include <preflearn/training/loop/fingerprint.hpp>

namespace preflearn {

namespace detail {

inline constexpr std::string_view token_format = "preflearn token ids, version 1";

/// What is written of known tokens: all texts one after the other, all ids, and where each ends.
struct cached_columns {
    std::vector<std::uint8_t> texts, positions;
    std::vector<std::int32_t> ids;
    std::vector<std::uint64_t> text_ends, id_ends;

    [[nodiscard]] std::string content() const {
        fingerprint print;
        print.add(texts);
        print.add(positions);
        print.add(ids);
        print.add(text_ends);
        print.add(id_ends);
        return print.text();
    }
};

template <class T> std::vector<T> read_column(const checkpoint_file& file, std::string_view name, element_type type) {
    const tensor_view& tensor = file.at(name);
    require<input_error>(tensor.type == type && tensor.shape.size() == 1, file.path().string(), ": tensor '", name,
                         "' is ", name_of(tensor.type), " ", text_of_shape(tensor.shape), ", a row of ", name_of(type),
                         " was expected");
    std::vector<T> column(tensor.shape[0]);
    if (!column.empty()) std::memcpy(column.data(), tensor.bytes.data(), column.size() * sizeof(T));
    return column;
}

} // namespace detail

/// A fingerprint of the files that a tokenizer is loaded from (a GGUF file, or the small files of a folder), of how it
/// is used and of the library's version. \throws input_error for files that cannot be read.
inline std::string identity_of_tokenizer(const std::filesystem::path& model, const tokenizer_options& options,
                                         special_tokens found) {
    std::vector<std::filesystem::path> files;
    std::error_code ignored;
    if (std::filesystem::is_directory(model, ignored)) {
        for (const auto& entry : std::filesystem::directory_iterator(model)) {
            const std::string kind = entry.path().extension().string();
            if (entry.is_regular_file() && entry.file_size() > 0 &&
                (kind == ".json" || kind == ".txt" || kind == ".model"))
                files.push_back(entry.path());
        }
        std::ranges::sort(files);
    } else {
        files.push_back(model);
    }
    fingerprint print;
    for (const std::filesystem::path& file : files) {
        const mapped_file content(file);
        print.add(std::filesystem::is_directory(model, ignored) ? file.filename().string() : std::string());
        print.add_bytes(content.bytes());
    }
    print.add(options.pretokenizer);
    print.add(found);
    print.add(library_version);
    return print.text();
}

/// Writes what is known, whole or not at all. \throws input_error when it cannot be written.
inline void save_known_tokens(const std::filesystem::path& path, const known_tokens& known,
                              const std::string& tokenizer) {
    detail::cached_columns all;
    for (const known_tokens::text_ids& one : known.all()) {
        all.texts.insert(all.texts.end(), one.text.begin(), one.text.end());
        all.positions.push_back(static_cast<std::uint8_t>(one.position));
        all.ids.insert(all.ids.end(), one.ids.begin(), one.ids.end());
        all.text_ends.push_back(all.texts.size());
        all.id_ends.push_back(all.ids.size());
    }
    const std::array tensors{
        tensor_view{"texts", element_type::u8, {all.texts.size()}, std::as_bytes(std::span(all.texts))},
        tensor_view{"positions", element_type::u8, {all.positions.size()}, std::as_bytes(std::span(all.positions))},
        tensor_view{"ids", element_type::i32, {all.ids.size()}, std::as_bytes(std::span(all.ids))},
        tensor_view{"text_ends", element_type::u64, {all.text_ends.size()}, std::as_bytes(std::span(all.text_ends))},
        tensor_view{"id_ends", element_type::u64, {all.id_ends.size()}, std::as_bytes(std::span(all.id_ends))}};
    write_safetensors(
        path, tensors,
        {{"format", std::string(detail::token_format)}, {"tokenizer", tokenizer}, {"content", all.content()}});
}

/// Reads what `save_known_tokens` wrote. \throws input_error when the file is malformed, was damaged or belongs to
/// another tokenizer, saying so.
inline std::shared_ptr<known_tokens> load_known_tokens(const std::filesystem::path& path,
                                                       const std::string& tokenizer) {
    const checkpoint_file file = read_safetensors(path);
    detail::cached_columns all{.texts = detail::read_column<std::uint8_t>(file, "texts", element_type::u8),
                               .positions = detail::read_column<std::uint8_t>(file, "positions", element_type::u8),
                               .ids = detail::read_column<std::int32_t>(file, "ids", element_type::i32),
                               .text_ends = detail::read_column<std::uint64_t>(file, "text_ends", element_type::u64),
                               .id_ends = detail::read_column<std::uint64_t>(file, "id_ends", element_type::u64)};
    file.expect("format", detail::token_format, "is not a file of token ids");
    file.expect("tokenizer", tokenizer, "belongs to another tokenizer");
    file.expect("content", all.content(), "was damaged");
    auto known = std::make_shared<known_tokens>();
    std::size_t text = 0, id = 0;
    for (std::size_t i = 0; i < all.positions.size(); ++i) {
        require<input_error>(i < all.text_ends.size() && i < all.id_ends.size() && all.positions[i] < 3 &&
                                 all.text_ends[i] >= text && all.text_ends[i] <= all.texts.size() &&
                                 all.id_ends[i] >= id && all.id_ends[i] <= all.ids.size(),
                             path.string(), ": text ", i, " reaches beyond what the file holds");
        const std::string_view bytes(reinterpret_cast<const char*>(all.texts.data()), all.texts.size());
        known->add(bytes.substr(text, all.text_ends[i] - text), static_cast<text_position>(all.positions[i]),
                   std::span<const token_id>(all.ids).subspan(id, all.id_ends[i] - id));
        text = all.text_ends[i];
        id = all.id_ends[i];
    }
    return known;
}

/// The file of a folder for one tokenizer, while it is in use.
class token_cache {
  public:
    token_cache() = default;
    /// Reads what the folder has, which is made where it is missing; without a folder nothing is known or kept.
    /// \throws input_error when it cannot be made and for a tokenizer's files that cannot be read; what is wrong with
    /// the cache is noted.
    token_cache(const std::filesystem::path& folder, const std::filesystem::path& model,
                const tokenizer_options& options, special_tokens found = special_tokens::parse) {
        if (folder.empty()) return;
        make_folder(folder);
        tokenizer_ = identity_of_tokenizer(model, options, found);
        path_ = folder / ("tokens-" + tokenizer_ + ".safetensors");
        known_ = std::make_shared<known_tokens>();
        std::error_code ignored;
        if (!std::filesystem::exists(path_, ignored)) return;
        try {
            known_ = load_known_tokens(path_, tokenizer_);
            read_ = known_->size();
        } catch (const input_error& failure) {
            notes_.push_back(message(failure.what(), " (encoded anew)"));
        }
    }
    /// For the texts of a policy; null without a folder.
    [[nodiscard]] const std::shared_ptr<known_tokens>& known() const { return known_; }
    /// How many texts were read.
    [[nodiscard]] std::size_t read() const { return read_; }
    /// Writes the file where there is anything new; what goes wrong is noted.
    void save() {
        if (known_ == nullptr || known_->size() == read_) return;
        try {
            save_known_tokens(path_, *known_, tokenizer_);
            read_ = known_->size();
        } catch (const input_error& failure) {
            notes_.push_back(failure.what());
        }
    }
    [[nodiscard]] std::span<const std::string> notes() const { return notes_; }

  private:
    std::filesystem::path path_;
    std::string tokenizer_;
    std::shared_ptr<known_tokens> known_;
    std::size_t read_ = 0;
    std::vector<std::string> notes_;
};

} // namespace preflearn
