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
    using namespace std::string_literals;
    return {{"id"s, token.id},
            {"content"s, token.text},
            {"single_word"s, token.single_word},
            {"lstrip"s, token.strips_left},
            {"rstrip"s, token.strips_right},
            {"normalized"s, token.normalised},
            {"special"s, token.special}};
}

inline ordered_json replace_json(std::string_view from, std::string_view to) {
    using namespace std::string_literals;
    return {{"type"s, "Replace"s}, {"pattern"s, {{"String"s, from}}}, {"content"s, to}};
}

inline ordered_json bpe_json(const gguf_vocabulary& from) {
    using namespace std::string_literals;
    ordered_json vocab = ordered_json::object(), merges = ordered_json::array();
    auto& entries = vocab.get_ref<ordered_json::object_t&>(); // appended without a search for the key
    for (std::size_t id = 0; id < from.words.size(); ++id) {
        const std::string_view text = from.words.text(static_cast<token_id>(id));
        if (from.words.find(text) == static_cast<token_id>(id))
            entries.emplace_back(std::string(text), static_cast<token_id>(id));
    }
    for (const rank_bpe::merge& merge : from.by_score ? merges_by_score(from) : from.merges)
        merges.push_back(message(from.words.text(merge.left), ' ', from.words.text(merge.right)));
    ordered_json model{{"type"s, "BPE"s},
                       {"dropout"s, nullptr},
                       {"unk_token"s, nullptr},
                       {"continuing_subword_prefix"s, nullptr},
                       {"end_of_word_suffix"s, nullptr},
                       {"fuse_unk"s, from.by_score},
                       {"byte_fallback"s, from.by_score},
                       {"ignore_merges"s, !from.by_score && from.pretokeniser->whole_words}};
    if (from.by_score && from.unknown) model["unk_token"] = from.words.text(*from.unknown);
    model["vocab"] = std::move(vocab);
    model["merges"] = std::move(merges);
    return model;
}

/// What puts the begin token in front; null where there is none.
inline ordered_json template_json(const gguf_vocabulary& from) {
    using namespace std::string_literals;
    if (!from.adds_begin) return nullptr;
    const std::string_view begin = from.words.text(*from.begin);
    const auto special = [&](int type) {
        return ordered_json{{"SpecialToken"s, {{"id"s, begin}, {"type_id"s, type}}}};
    };
    const auto text = [](const char* name, int type) {
        return ordered_json{{"Sequence"s, {{"id"s, name}, {"type_id"s, type}}}};
    };
    ordered_json made{{"type"s, "TemplateProcessing"s},
                      {"single"s, ordered_json::array({special(0), text("A", 0)})},
                      {"pair"s, ordered_json::array({special(0), text("A", 0), special(1), text("B", 1)})}};
    made["special_tokens"][std::string(begin)] = {
        {"id"s, begin}, {"ids"s, ordered_json::array({*from.begin})}, {"tokens"s, ordered_json::array({begin})}};
    return made;
}

/// The steps of a pre-tokeniser, each expression isolating its matches.
inline ordered_json pretokeniser_json(const named_pretokeniser& named) {
    using namespace std::string_literals;
    ordered_json steps = ordered_json::array();
    for (const std::string_view pattern : named.expressions)
        steps.push_back(
            {{"type"s, "Split"s}, {"pattern"s, {{"Regex"s, pattern}}}, {"behavior"s, "Isolated"s}, {"invert"s, false}});
    steps.push_back(
        {{"type"s, "ByteLevel"s}, {"add_prefix_space"s, false}, {"trim_offsets"s, true}, {"use_regex"s, false}});
    return {{"type"s, "Sequence"s}, {"pretokenizers"s, std::move(steps)}};
}

} // namespace detail

/// tokenizer.json. Of tokens with one text, the first has it. \throws input_error naming `origin` for a token whose
/// text is not UTF-8.
inline nlohmann::ordered_json tokenizer_json(const gguf_vocabulary& from, const std::string& origin) {
    using namespace std::string_literals;
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
    ordered_json made{{"version"s, "1.0"s}, {"truncation"s, nullptr}, {"padding"s, nullptr}, {"added_tokens"s, added}};
    made["normalizer"] = made["pre_tokenizer"] = nullptr;
    if (from.by_score) {
        made["normalizer"] = detail::replace_json(" ", "\u2581");
        if (from.adds_space)
            made["normalizer"] = {
                {"type"s, "Sequence"s},
                {"normalizers"s, ordered_json::array({{{"type"s, "Prepend"s}, {"prepend"s, "\u2581"s}},
                                                      detail::replace_json(" ", "\u2581")})}};
        ordered_json decoders = ordered_json::array(
            {detail::replace_json("\u2581", " "), {{"type"s, "ByteFallback"s}}, {{"type"s, "Fuse"s}}});
        if (from.adds_space) decoders.push_back({{"type"s, "Strip"s}, {"content"s, " "s}, {"start"s, 1}, {"stop"s, 0}});
        made["post_processor"] = detail::template_json(from);
        made["decoder"] = {{"type"s, "Sequence"s}, {"decoders"s, std::move(decoders)}};
    } else {
        made["pre_tokenizer"] = detail::pretokeniser_json(*from.pretokeniser);
        made["post_processor"] = detail::template_json(from);
        made["decoder"] = {
            {"type"s, "ByteLevel"s}, {"add_prefix_space"s, true}, {"trim_offsets"s, true}, {"use_regex"s, true}};
    }
    made["model"] = detail::bpe_json(from);
    return made;
}

/// tokenizer_config.json: special tokens by their texts. \param maximum_length of the model, in tokens
/// \param chat_template empty: none
inline nlohmann::ordered_json tokenizer_config_json(const gguf_vocabulary& from, std::size_t maximum_length,
                                                    std::string_view chat_template) {
    using namespace std::string_literals;
    nlohmann::ordered_json made{{"add_bos_token"s, from.adds_begin}, {"add_eos_token"s, false}};
    const auto name = [&](const char* key, std::optional<token_id> id) {
        if (id) made[key] = from.words.text(*id);
    };
    name("bos_token", from.begin);
    name("eos_token", from.end);
    name("pad_token", from.padding);
    name("unk_token", from.unknown);
    made["clean_up_tokenization_spaces"] = false;
    made["model_max_length"] = maximum_length;
    made["tokenizer_class"] = "PreTrainedTokenizerFast"s;
    if (!chat_template.empty()) made["chat_template"] = chat_template;
    return made;
}

} // namespace preflearn
