/// \file
/// A GGUF file's tokenizer as tokenizer.json and tokenizer_config.json, for the tokenizers package and transformers:
/// the same ids. Merges by scores become a list of merges by rank, as transformers converts SentencePiece models: every
/// way to make a token of two, best token first. (Where two parts of one text could become one token in two ways that
/// overlap, llama.cpp takes the left one, a list of ranks the one of lower rank; `same_ids` looks for such.)
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/text/characters/unicode.hpp>
#include <preflearn/text/encode/vocabulary.hpp>
#include <preflearn/text/files/gguf_vocabulary.hpp>

namespace preflearn {

namespace detail {

using ordered_json = nlohmann::ordered_json;

/// Every way to make a mergeable token of two such, in the order of ranks.
inline std::vector<rank_bpe::merge> merges_by_score(const gguf_vocabulary& from) {
    std::vector<rank_bpe::merge> merges;
    const auto usable = [&](std::string_view text) {
        const auto id = from.words.find(text);
        return id && from.mergeable[static_cast<std::size_t>(*id)] ? id : std::nullopt;
    };
    for (std::size_t id = 0; id < from.words.size(); ++id) {
        const auto token = static_cast<token_id>(id);
        const std::string_view text = from.words.text(token);
        // no text has a space when it is merged, and of equal texts the first is found
        if (!from.mergeable[id] || text.find(' ') != text.npos || from.words.find(text) != token) continue;
        for (std::size_t cut = 0; cut < text.size(); cut += character_at(text, cut).bytes) {
            if (cut == 0) continue;
            const auto left = usable(text.substr(0, cut)), right = usable(text.substr(cut));
            if (left && right) merges.push_back({*left, *right, token});
        }
    }
    std::ranges::sort(merges, [&](const rank_bpe::merge& a, const rank_bpe::merge& b) {
        const float of_a = from.scores[static_cast<std::size_t>(a.merged)],
                    of_b = from.scores[static_cast<std::size_t>(b.merged)];
        return of_a != of_b ? of_a > of_b : std::tuple(a.left, a.right) < std::tuple(b.left, b.right);
    });
    return merges;
}

inline ordered_json added_json(const added_token& token) {
    return {{"id", token.id},
            {"content", token.text},
            {"single_word", token.single_word},
            {"lstrip", token.strips_left},
            {"rstrip", token.strips_right},
            {"normalized", token.normalised},
            {"special", token.special}};
}

inline ordered_json replace_json(std::string_view from, std::string_view to) {
    return {{"type", "Replace"}, {"pattern", {{"String", from}}}, {"content", to}};
}

inline ordered_json bpe_json(const gguf_vocabulary& from) {
    ordered_json vocab = ordered_json::object(), merges = ordered_json::array();
    auto& entries = vocab.get_ref<ordered_json::object_t&>(); // appended without a search for the key
    for (std::size_t id = 0; id < from.words.size(); ++id) {
        const std::string_view text = from.words.text(static_cast<token_id>(id));
        if (from.words.find(text) == static_cast<token_id>(id))
            entries.emplace_back(std::string(text), static_cast<token_id>(id));
    }
    for (const rank_bpe::merge& merge : from.by_score ? merges_by_score(from) : from.merges)
        merges.push_back(message(from.words.text(merge.left), ' ', from.words.text(merge.right)));
    ordered_json model{{"type", "BPE"},
                       {"dropout", nullptr},
                       {"unk_token", nullptr},
                       {"continuing_subword_prefix", nullptr},
                       {"end_of_word_suffix", nullptr},
                       {"fuse_unk", from.by_score},
                       {"byte_fallback", from.by_score},
                       {"ignore_merges", !from.by_score && from.pretokeniser->whole_words}};
    if (from.by_score && from.unknown) model["unk_token"] = from.words.text(*from.unknown);
    model["vocab"] = std::move(vocab);
    model["merges"] = std::move(merges);
    return model;
}

/// What puts the begin token in front; null where there is none.
inline ordered_json template_json(const gguf_vocabulary& from) {
    if (!from.adds_begin) return nullptr;
    const std::string_view begin = from.words.text(*from.begin);
    const auto special = [&](int type) { return ordered_json{{"SpecialToken", {{"id", begin}, {"type_id", type}}}}; };
    const auto text = [](const char* name, int type) {
        return ordered_json{{"Sequence", {{"id", name}, {"type_id", type}}}};
    };
    ordered_json made{{"type", "TemplateProcessing"},
                      {"single", ordered_json::array({special(0), text("A", 0)})},
                      {"pair", ordered_json::array({special(0), text("A", 0), special(1), text("B", 1)})}};
    made["special_tokens"][std::string(begin)] = {
        {"id", begin}, {"ids", ordered_json::array({*from.begin})}, {"tokens", ordered_json::array({begin})}};
    return made;
}

/// The steps of a pre-tokeniser, each expression isolating its matches.
inline ordered_json pretokeniser_json(const named_pretokeniser& named) {
    ordered_json steps = ordered_json::array();
    for (const std::string_view pattern : named.expressions)
        steps.push_back(
            {{"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", "Isolated"}, {"invert", false}});
    steps.push_back({{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", false}});
    return {{"type", "Sequence"}, {"pretokenizers", std::move(steps)}};
}

} // namespace detail

/// tokenizer.json. Of tokens with one text, the first has it. \throws input_error naming `origin` for a token whose
/// text is not UTF-8.
inline nlohmann::ordered_json tokenizer_json(const gguf_vocabulary& from, const std::string& origin) {
    using detail::ordered_json;
    for (std::size_t id = 0; id < from.words.size(); ++id) {
        const std::string_view text = from.words.text(static_cast<token_id>(id));
        for (std::size_t at = 0; at < text.size(); at += character_at(text, at).bytes)
            require<input_error>(character_at(text, at).valid, origin, ": tokenizer.ggml.tokens[", id,
                                 "] is not UTF-8, and tokenizer.json cannot say it");
    }
    ordered_json added = ordered_json::array();
    for (const added_token& token : from.added)
        if (from.words.find(token.text) == token.id) added.push_back(detail::added_json(token));
    ordered_json made{{"version", "1.0"}, {"truncation", nullptr}, {"padding", nullptr}, {"added_tokens", added}};
    made["normalizer"] = made["pre_tokenizer"] = nullptr;
    if (from.by_score) {
        made["normalizer"] = detail::replace_json(" ", "\u2581");
        if (from.adds_space)
            made["normalizer"] = {{"type", "Sequence"},
                                  {"normalizers", ordered_json::array({{{"type", "Prepend"}, {"prepend", "\u2581"}},
                                                                       detail::replace_json(" ", "\u2581")})}};
        ordered_json decoders =
            ordered_json::array({detail::replace_json("\u2581", " "), {{"type", "ByteFallback"}}, {{"type", "Fuse"}}});
        if (from.adds_space) decoders.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
        made["post_processor"] = detail::template_json(from);
        made["decoder"] = {{"type", "Sequence"}, {"decoders", std::move(decoders)}};
    } else {
        made["pre_tokenizer"] = detail::pretokeniser_json(*from.pretokeniser);
        made["post_processor"] = detail::template_json(from);
        made["decoder"] = {
            {"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", true}, {"use_regex", true}};
    }
    made["model"] = detail::bpe_json(from);
    return made;
}

/// tokenizer_config.json: special tokens by their texts. \param maximum_length of the model, in tokens
/// \param chat_template empty: none
inline nlohmann::ordered_json tokenizer_config_json(const gguf_vocabulary& from, std::size_t maximum_length,
                                                    std::string_view chat_template) {
    nlohmann::ordered_json made{{"add_bos_token", from.adds_begin}, {"add_eos_token", false}};
    const auto name = [&](const char* key, std::optional<token_id> id) {
        if (id) made[key] = from.words.text(*id);
    };
    name("bos_token", from.begin);
    name("eos_token", from.end);
    name("pad_token", from.padding);
    name("unk_token", from.unknown);
    made["clean_up_tokenization_spaces"] = false;
    made["model_max_length"] = maximum_length;
    made["tokenizer_class"] = "PreTrainedTokenizerFast";
    if (!chat_template.empty()) made["chat_template"] = chat_template;
    return made;
}

} // namespace preflearn
