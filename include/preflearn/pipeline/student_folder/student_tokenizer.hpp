/// \file
/// Tokenizer and chat template of a student's folder: of a Hugging Face folder the files themselves, of a GGUF file
/// tokenizer.json made from its vocabulary and held against it, so that a student reads what its origin read.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/checkpoint/mapped_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/student_folder/origin_files.hpp>
#include <preflearn/pipeline/student_folder/student_card.hpp>
#include <preflearn/report/run/write.hpp>
#include <preflearn/text/chat/model_chat.hpp>
#include <preflearn/text/files/load.hpp>
#include <preflearn/text/files/same_ids.hpp>
#include <preflearn/text/files/write_tokenizer_json.hpp>

namespace preflearn {

namespace detail {

/// \throws input_error when the file cannot be copied.
inline void copy_into(const std::filesystem::path& file, const std::filesystem::path& folder) {
    std::error_code failure;
    std::filesystem::copy_file(file, folder / file.filename(), failure);
    require<input_error>(!failure, (folder / file.filename()).string(), ": cannot be copied from ", file.string(), ": ",
                         failure.message());
}

/// The files of a Hugging Face folder; another pre-tokeniser that was asked for is written into tokenizer.json.
inline void copy_text_files(const student_origin& origin, const std::filesystem::path& folder) {
    for (const std::filesystem::path& file : text_files_of(origin.model)) copy_into(file, folder);
    if (origin.tokenizer.pretokenizer.empty()) return;
    const std::filesystem::path written = folder / "tokenizer.json";
    std::error_code ignored;
    require<input_error>(std::filesystem::exists(written, ignored), origin.model.string(),
                         ": another pre-tokeniser is written into tokenizer.json, which is not there");
    auto json = nlohmann::ordered_json::parse(mapped_file(written).text());
    json["pre_tokenizer"] = pretokeniser_json(pretokeniser_named(origin.tokenizer.pretokenizer));
    write_file(json.dump(2), written);
}

} // namespace detail

/// Writes them into the folder. \throws input_error when a file cannot be read or written, and for a tokenizer that
/// tokenizer.json cannot express: one that would make other ids of a text, which is named.
inline void write_student_tokenizer(const student_origin& origin, const std::filesystem::path& folder,
                                    std::size_t maximum_length) {
    std::error_code ignored;
    if (std::filesystem::is_directory(origin.model, ignored)) return detail::copy_text_files(origin, folder);
    const checkpoint_file file = read_gguf(origin.model);
    const gguf_vocabulary words = read_gguf_vocabulary(file, origin.tokenizer);
    const auto chat = find_chat_template(origin.model);
    write_file(tokenizer_json(words, origin.model.string()).dump(1) + "\n", folder / "tokenizer.json");
    write_json(tokenizer_config_json(words, maximum_length, chat ? chat->source : ""),
               folder / "tokenizer_config.json");
    const id_comparison held =
        compare_ids(tokenizer_from_gguf(file, origin.tokenizer), load_tokenizer(folder / "tokenizer.json"));
    require<input_error>(held.different == 0, origin.model.string(),
                         ": tokenizer.json cannot express this tokenizer: of ", held.texts, " texts ", held.different,
                         " become other tokens, the first is ", excerpt{held.first},
                         "; write the student as a GGUF file (a name that ends in .gguf)");
}

} // namespace preflearn
