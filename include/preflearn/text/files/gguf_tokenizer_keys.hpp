/// \file
/// A Hugging Face folder's tokenizer as the keys of a GGUF file, as llama.cpp reads them: byte-level BPE with a
/// pre-tokeniser that llama.cpp has a name for, or SentencePiece's BPE with byte tokens, whose merges become scores.
/// What was made is read back and held against the folder's tokenizer. As in llama.cpp's own converter, NFC is left
/// out.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/checkpoint_file.hpp>
#include <preflearn/checkpoint/gguf_keys.hpp>
#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/text/encode/bpe.hpp>
#include <preflearn/text/files/added_tokens_json.hpp>
#include <preflearn/text/files/same_ids.hpp>
#include <preflearn/text/files/tokenizer_gguf.hpp>
#include <preflearn/text/files/tokenizer_json.hpp>
#include <preflearn/text/steps/named_pretokenisers.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

namespace detail {

/// The expressions by which a `pre_tokenizer` cuts, one after the other; nothing where it does something else, too.
inline std::optional<std::vector<std::string>> expressions_of(const nlohmann::json& step) {
    const auto& kind = member_or_null(step, "type");
    std::vector<std::string> all;
    if (kind == "Sequence") {
        for (const auto& part : member_or_null(step, "pretokenizers")) {
            const auto more = expressions_of(part);
            if (!more) return std::nullopt;
            all.insert(all.end(), more->begin(), more->end());
        }
        return all;
    }
    if (kind == "ByteLevel") {
        if (member_or_null(step, "add_prefix_space") == true) return std::nullopt;
        if (member_or_null(step, "use_regex") != false) all.emplace_back(patterns::gpt2);
        return all;
    }
    if (kind == "Digits")
        return std::vector{
            std::string(member_or_null(step, "individual_digits") == true ? patterns::number : patterns::numbers)};
    const auto& pattern = member_or_null(member_or_null(step, "pattern"), "Regex");
    const bool isolates = member_or_null(step, "behavior") == "Isolated" ||
                          (member_or_null(step, "behavior") == "Removed" && member_or_null(step, "invert") == true);
    if (kind != "Split" || !pattern.is_string() || !isolates) return std::nullopt;
    all.push_back(pattern.get<std::string>());
    return all;
}

inline std::optional<std::string_view> name_of_pretokeniser(const nlohmann::json& file) {
    const auto expressions = expressions_of(member_or_null(file, "pre_tokenizer"));
    const bool whole = member_or_null(member_or_null(file, "model"), "ignore_merges") == true;
    if (!expressions) return std::nullopt;
    for (const named_pretokeniser& known : named_pretokenisers())
        if (known.whole_words == whole && std::ranges::equal(known.expressions, *expressions)) return known.name();
    return std::nullopt;
}

/// Whether a tokenizer.json has a part of that type anywhere in its `pre_tokenizer` or `normalizer`.
inline bool has_step(const nlohmann::json& steps, std::string_view type) {
    if (member_or_null(steps, "type") == type) return true;
    for (const char* const list : {"pretokenizers", "normalizers"})
        for (const auto& part : member_or_null(steps, list))
            if (has_step(part, type)) return true;
    return false;
}

inline std::vector<std::string> merges_of(const nlohmann::json& model) {
    std::vector<std::string> merges;
    for (const auto& merge : member_or_null(model, "merges"))
        merges.push_back(merge.is_string() ? merge.get<std::string>()
                                           : message(merge[0].get<std::string>(), ' ', merge[1].get<std::string>()));
    return merges;
}

/// Texts, types and, by the order of merges, scores of all ids up to `size`.
struct gguf_tokens {
    std::vector<std::string> texts{};
    std::vector<std::int32_t> types{};
    std::vector<float> scores{};
};

inline gguf_tokens tokens_for_gguf(const tokenizer& words, const nlohmann::json& model, bool by_score,
                                   const std::vector<std::string>& merges, std::size_t size,
                                   const std::string& origin) {
    std::unordered_map<std::string, float> ranks;
    if (by_score)
        for (const std::string& merge : merges) {
            std::string merged = merge;
            merged.erase(merged.find(' '), 1);
            ranks.emplace(std::move(merged), -static_cast<float>(ranks.size()) - 1);
        }
    const auto& unknown = member_or_null(model, "unk_token");
    const auto is_byte = [&](token_id token) {
        const std::string_view spelled = words.token_text(token);
        return by_score && spelled.size() == 6 && spelled.starts_with("<0x") && spelled.ends_with('>');
    };
    gguf_tokens made;
    for (std::size_t id = 0; id < size; ++id) {
        const auto token = static_cast<token_id>(id);
        std::string text = id < words.size() ? std::string(words.token_text(token)) : "";
        const added_token* const added = id < words.size() ? words.added(token) : nullptr;
        require<input_error>(added == nullptr || !(added->strips_left || added->strips_right || added->single_word),
                             origin, ": GGUF cannot say that the added token '", text,
                             "' takes white space around it or stands between words");
        std::int32_t type = 1;
        if (text.empty()) {
            text = message("[PAD", id, "]");
            type = 5;
        } else if (by_score && unknown == text) {
            type = 2;
        } else if (added != nullptr) {
            type = added->special ? 3 : 4;
        } else if (is_byte(token)) {
            type = 6;
        }
        const auto rank = ranks.find(text);
        made.scores.push_back(rank != ranks.end() ? rank->second : -static_cast<float>(ranks.size()) - 2);
        made.texts.push_back(std::move(text));
        made.types.push_back(type);
    }
    return made;
}

} // namespace detail

/// The tokenizer.ggml.* keys and the chat template of a folder. \param words the folder's tokenizer, as it was read
/// \param size of the model's vocabulary; ids without a token get one that no text becomes
/// \throws input_error for a tokenizer that GGUF or llama.cpp cannot express, saying what.
inline std::vector<gguf_key> gguf_tokenizer_keys(const std::filesystem::path& folder, const tokenizer& words,
                                                 const tokenizer_options& options, std::size_t size) {
    const std::string origin = (folder / "tokenizer.json").string();
    std::error_code ignored;
    require<input_error>(std::filesystem::exists(folder / "tokenizer.json", ignored), origin,
                         ": is not there; a GGUF file's tokenizer is made from it");
    nlohmann::json file = read_json_file(folder / "tokenizer.json");
    const auto& model = member_or_null(file, "model");
    const bool by_score = !detail::has_step(member_or_null(file, "pre_tokenizer"), "ByteLevel");
    require<input_error>(member_or_null(model, "merges").is_array() &&
                             (!by_score || member_or_null(model, "byte_fallback") == true),
                         origin, ": only BPE, of bytes or with byte tokens, can be written to GGUF files");
    require<input_error>(words.size() <= size, origin, ": has ", words.size(), " tokens, but the model has ", size);
    std::vector<gguf_key> keys{gguf_text("tokenizer.ggml.model", by_score ? "llama" : "gpt2")};
    std::string_view pre = options.pretokenizer.empty() ? "" : pretokeniser_named(options.pretokenizer).name();
    if (!by_score && pre.empty()) {
        const auto found = detail::name_of_pretokeniser(file);
        require<input_error>(found.has_value(), origin,
                             ": llama.cpp has no name for its pre_tokenizer that is known here; name one (",
                             known_pretokenisers(), ") or write the student as a folder");
        pre = *found;
    }
    keys.push_back(gguf_text("tokenizer.ggml.pre", by_score ? "default" : pre));
    const std::vector<std::string> merges = detail::merges_of(model);
    const detail::gguf_tokens tokens = detail::tokens_for_gguf(words, model, by_score, merges, size, origin);
    keys.push_back(gguf_texts("tokenizer.ggml.tokens", tokens.texts));
    keys.push_back(gguf_numbers("tokenizer.ggml.token_type", tokens.types));
    if (by_score) {
        keys.push_back(gguf_numbers("tokenizer.ggml.scores", tokens.scores));
        const auto& steps = member_or_null(file, "pre_tokenizer");
        const bool marks = detail::has_step(member_or_null(file, "normalizer"), "Prepend") ||
                           (detail::has_step(steps, "Metaspace") && member_or_null(steps, "prepend_scheme") != "never");
        keys.push_back(gguf_flag("tokenizer.ggml.add_space_prefix", marks));
    } else {
        keys.push_back(gguf_texts("tokenizer.ggml.merges", merges));
    }
    const nlohmann::json config = std::filesystem::exists(folder / "tokenizer_config.json", ignored)
                                      ? read_json_file(folder / "tokenizer_config.json")
                                      : nlohmann::json();
    const auto name = [&](const char* token, const char* key) {
        const auto& value = member_or_null(config, token);
        const auto& text = value.is_object() ? member_or_null(value, "content") : value;
        const auto id = text.is_string() ? words.find(text.get<std::string>()) : std::nullopt;
        if (id) keys.push_back(gguf_number(std::string("tokenizer.ggml.") + key, static_cast<std::uint32_t>(*id)));
        return id;
    };
    const auto begin = name("bos_token", "bos_token_id");
    name("eos_token", "eos_token_id");
    if (!name("unk_token", "unknown_token_id") && by_score && member_or_null(model, "unk_token").is_string())
        if (const auto id = words.find(model["unk_token"].get<std::string>()))
            keys.push_back(gguf_number("tokenizer.ggml.unknown_token_id", static_cast<std::uint32_t>(*id)));
    name("pad_token", "padding_token_id");
    if (!begin && words.begin_tokens().size() == 1)
        keys.push_back(
            gguf_number("tokenizer.ggml.bos_token_id", static_cast<std::uint32_t>(words.begin_tokens().front())));
    keys.push_back(gguf_flag("tokenizer.ggml.add_bos_token", !words.begin_tokens().empty()));

    const bool leaves_out = !by_score && member_or_null(member_or_null(file, "normalizer"), "type") == "NFC";
    if (leaves_out) file["normalizer"] = nullptr;
    const tokenizer expected = leaves_out ? tokenizer_from_json(file, config, origin, options) : words;
    const tokenizer found = tokenizer_from_gguf(checkpoint_file(folder, gguf_metadata(keys, origin), {}, {}), {});
    const id_comparison held = compare_ids(expected, found);
    require<input_error>(held.different == 0 && std::ranges::equal(words.begin_tokens(), found.begin_tokens()), origin,
                         ": a GGUF file cannot express this tokenizer: of ", held.texts, " texts ", held.different,
                         " become other tokens, the first is ", excerpt{held.first}, "; write the student as a folder");
    return keys;
}

} // namespace preflearn
