/// \file
/// What a language model is by its content: weights, tokenizer and chat template, wherever the files lie. A teacher
/// knows its base model by it, so that another one is refused, in words.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_folder/folder_parts.hpp>
#include <preflearn/text/chat/model_chat.hpp>

namespace preflearn {

/// Hashes of content (see `content_hash`).
struct model_identity {
    /// Of a GGUF file all of it; of a folder config.json and the tensors.
    std::string weights{};
    /// Of a folder's tokenizer files; empty for a GGUF file.
    std::string tokenizer{};
    /// Of the chat template's text; empty where there is none.
    std::string chat_template{};

    friend bool operator==(const model_identity&, const model_identity&) = default;
};

namespace detail {

inline bool is_tokenizer_file(std::string_view name) {
    constexpr std::array names{std::string_view("tokenizer.json"),
                               std::string_view("vocab.json"),
                               std::string_view("merges.txt"),
                               std::string_view("tokenizer_config.json"),
                               std::string_view("special_tokens_map.json"),
                               std::string_view("added_tokens.json"),
                               std::string_view("tokenizer.model")};
    return std::ranges::find(names, name) != names.end();
}

} // namespace detail

/// Reads the whole model once. \throws input_error for what cannot be read.
template <int = on_demand> model_identity identify_model(const std::filesystem::path& model) {
    model_identity found;
    std::error_code failure;
    if (std::filesystem::is_directory(model, failure)) {
        std::vector<std::filesystem::path> weights, words;
        for (std::filesystem::directory_iterator entry(model, failure), end; !failure && entry != end;
             entry.increment(failure)) {
            const std::string name = entry->path().filename().string();
            if (!entry->is_regular_file(failure)) continue;
            if (detail::is_tokenizer_file(name))
                words.push_back(entry->path());
            else if (name == "config.json" || name.ends_with(".safetensors") ||
                     name.ends_with(".safetensors.index.json"))
                weights.push_back(entry->path());
        }
        require<input_error>(!failure, model.string(), ": cannot be listed: ", failure.message());
        require<input_error>(!weights.empty(), model.string(), ": holds no model (config.json, *.safetensors)");
        found.weights = content_hash(std::move(weights));
        found.tokenizer = content_hash(std::move(words));
    } else {
        found.weights = hash_text(hash_file(model).hash);
    }
    if (const auto chat = find_chat_template(model)) found.chat_template = hash_text(hash_of(chat->source));
    return found;
}

/// "other weights (config.json, tensors), another tokenizer and another chat template", what of it is so; empty where
/// they are one.
inline std::string other_parts(const model_identity& found, const model_identity& expected) {
    std::vector<std::string> parts;
    if (found.weights != expected.weights)
        parts.push_back(found.tokenizer.empty() ? "other content" : "other weights (config.json, tensors)");
    if (found.tokenizer != expected.tokenizer) parts.emplace_back("another tokenizer");
    if (found.chat_template != expected.chat_template) parts.emplace_back("another chat template");
    std::string text;
    for (std::size_t i = 0; i < parts.size(); ++i)
        text += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
    return text;
}

/// A model outside of the teacher's folder: where it lay when the teacher was made, and what it is.
struct outside_model {
    std::string path{};
    model_identity identity{};
};

/// Where that model is now: at `given` where somebody says so, else where it lay, or under its own name beside the
/// teacher's folder or in the working folder. \param what how messages call it ("the base model")
/// \throws input_error where it is found nowhere, or where what is there is another model, saying in what it differs.
inline std::filesystem::path find_model(const outside_model& wanted, const std::filesystem::path& folder,
                                        const std::filesystem::path& given, std::string_view what) {
    const auto refuse = [&](const std::filesystem::path& place) {
        const std::string other = other_parts(identify_model(place), wanted.identity);
        return other.empty() ? std::string() : message(place.string(), " has ", other);
    };
    if (!given.empty()) {
        const std::string fault = refuse(given);
        require<input_error>(fault.empty(), folder.string(), ": the teacher was made with another model: ", fault,
                             " than ", what, " of the teacher, ", wanted.path, " (", wanted.identity.weights, ")");
        return given;
    }
    std::string faults;
    const std::filesystem::path lay(wanted.path);
    const std::filesystem::path name = lay.has_filename() ? lay.filename() : lay.parent_path().filename();
    std::vector<std::filesystem::path> tried;
    for (const std::filesystem::path& place : {lay, std::filesystem::absolute(folder).parent_path() / name, name}) {
        std::error_code ignored;
        if (!std::filesystem::exists(place, ignored) || std::ranges::find(tried, place) != tried.end()) continue;
        tried.push_back(place);
        const std::string fault = refuse(place);
        if (fault.empty()) return place;
        faults += (faults.empty() ? "" : "; ") + fault;
    }
    throw input_error(
        message(folder.string(), ": ", what, " of the teacher, ", wanted.path, " (", wanted.identity.weights, "), ",
                faults.empty() ? "is not there" : "is another one now: " + faults, "; --model says where it is"));
}

} // namespace preflearn
