/// \file
/// A student as a GGUF file: of a GGUF file its metadata and tokenizer byte by byte with the student's tensors, of a
/// Hugging Face folder a file of its own, with what the folder says of name and licence.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <preflearn/checkpoint/gguf_keys.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/student_folder/generation_config.hpp>
#include <preflearn/pipeline/student_folder/origin_files.hpp>
#include <preflearn/pipeline/student_folder/student_card.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/files/config_files.hpp>
#include <preflearn/policy/files/new_gguf.hpp>
#include <preflearn/policy/files/save_gguf.hpp>
#include <preflearn/text/chat/model_chat.hpp>
#include <preflearn/text/files/gguf_tokenizer_keys.hpp>
#include <preflearn/text/files/load.hpp>

namespace preflearn {

namespace detail {

/// general.*: the student's name, and its base's name and licence.
inline std::vector<gguf_key> card_keys(const student_card& card, const origin_facts& facts) {
    std::vector<gguf_key> keys{gguf_text("general.type", "model")};
    const auto say = [&](const char* key, const std::string& text) {
        if (!text.empty()) keys.push_back(gguf_text(key, text));
    };
    say("general.name", card.name);
    say("general.finetune", card.method);
    say("general.license", facts.license);
    say("general.license.name", front_value(facts.front, "license_name"));
    say("general.license.link", front_value(facts.front, "license_link"));
    keys.push_back(gguf_number("general.base_model.count", 1));
    say("general.base_model.0.name", facts.name);
    if (facts.is_repository) say("general.base_model.0.repo_url", "https://huggingface.co/" + facts.name);
    return keys;
}

/// Behind those: tokenizer, chat template, and the end of a turn where it is not that of a text.
inline std::vector<gguf_key> folder_keys(const student_origin& origin, const transformer_config& config,
                                         const student_card& card) {
    std::vector<gguf_key> keys = card_keys(card, facts_of(origin));
    const tokenizer words = load_tokenizer(origin.model, origin.tokenizer);
    for (gguf_key& key : gguf_tokenizer_keys(origin.model, words, origin.tokenizer, config.vocabulary_size))
        keys.push_back(std::move(key));
    const special_ids ids = ids_of_student(origin, words, config.end_tokens, config.vocabulary_size);
    for (const token_id end : ids.ends) {
        if (end == words.end_token()) continue;
        const bool first = std::ranges::find(keys, "tokenizer.ggml.eot_token_id", &gguf_key::name) == keys.end();
        set_gguf_key(keys, gguf_number(first ? "tokenizer.ggml.eot_token_id" : "tokenizer.ggml.eom_token_id",
                                       static_cast<std::uint32_t>(end)));
    }
    if (const auto chat = find_chat_template(origin.model))
        keys.push_back(gguf_text("tokenizer.chat_template", chat->source));
    return keys;
}

} // namespace detail

/// Tries before anything is learned whether such a file can be written of the origin. \throws as `write_student_gguf`.
inline void check_student_gguf(const student_origin& origin, const std::filesystem::path& out, element_type type) {
    detail::gguf_file_type(type);
    std::error_code ignored;
    if (!std::filesystem::is_directory(origin.model, ignored)) return;
    const transformer_config config = read_config_json(origin.model / "config.json");
    (void)plan_gguf(config, decoder_layout(config), detail::folder_keys(origin, config, {}), type, out);
}

/// Writes it, adapters merged. \throws argument_error and input_error for a model or tokenizer that GGUF files cannot
/// express, and when the file cannot be written.
inline void write_student_gguf(const any_transformer<float>& model, const student_origin& origin,
                               const std::filesystem::path& out, const student_card& card, element_type type) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(origin.model, ignored)) return save_gguf(model, origin.model, out, type);
    save_new_gguf(model, detail::folder_keys(origin, model.config(), card), out, type);
}

} // namespace preflearn
