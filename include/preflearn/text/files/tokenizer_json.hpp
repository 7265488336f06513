/// \file
/// Hugging Face's tokenizer.json (the tokenizers package), with what tokenizer_config.json beside it says of begin
/// and end tokens.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/text/files/added_tokens_json.hpp>
#include <preflearn/text/files/pipeline_json.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

namespace detail {

/// All token texts by id, added tokens included. `entries`: ids by text.
inline vocabulary read_vocabulary(const json_reader& from, const nlohmann::json& entries,
                                  const std::vector<added_token>& added) {
    require<input_error>(entries.is_object(), from.origin, ": model.vocab: an object of ids was expected");
    std::vector<std::string_view> texts;
    std::vector<bool> taken;
    const auto place = [&](std::string_view text, token_id id) {
        const auto at = static_cast<std::size_t>(id);
        if (at >= texts.size()) texts.resize(at + 1), taken.resize(at + 1);
        require<input_error>(!taken[at] || texts[at] == text, from.origin, ": the tokens '", texts[at], "' and '", text,
                             "' have the same id ", id);
        texts[at] = text;
        taken[at] = true;
    };
    for (auto entry = entries.begin(); entry != entries.end(); ++entry) {
        place(entry.key(), read_id(from, entry.value(), entries.size(), entry.key()));
    }
    for (const added_token& token : added) {
        const auto listed = entries.find(token.text);
        require<input_error>(listed == entries.end() || *listed == token.id, from.origin, ": the added token '",
                             token.text, "' has the id ", token.id, ", but another one in model.vocab");
        place(token.text, token.id);
    }
    require<input_error>(!texts.empty(), from.origin, ": model.vocab is empty");
    return vocabulary(texts);
}

/// The BPE model: merges as "a b" or as ["a", "b"].
inline rank_bpe read_bpe(const json_reader& from, const nlohmann::json& model, const vocabulary& words) {
    for (const char* const key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
        const auto& affix = member_or_null(model, key);
        if (affix.is_string() && !affix.get_ref<const std::string&>().empty()) {
            from.unknown(message("model.", key), affix.get_ref<const std::string&>(), "none is");
        }
    }
    std::vector<rank_bpe::merge> merges;
    const auto& list = from.list(model, "merges", "model");
    merges.reserve(list.size());
    for (const auto& entry : list) {
        std::string left, right;
        if (entry.is_string()) {
            const auto& pair = entry.get_ref<const std::string&>();
            const std::size_t cut = pair.find(' ');
            if (cut != std::string::npos) left = pair.substr(0, cut), right = pair.substr(cut + 1);
        } else if (entry.is_array() && entry.size() == 2 && entry[0].is_string() && entry[1].is_string()) {
            left = entry[0].get<std::string>(), right = entry[1].get<std::string>();
        }
        require<input_error>(!left.empty() && !right.empty(), from.origin, ": model.merges[", merges.size(),
                             "]: two tokens were expected");
        const auto a = words.find(left), b = words.find(right), merged = words.find(left + right);
        require<input_error>(a && b && merged, from.origin, ": model.merges[", merges.size(), "]: '", left, "', '",
                             right, "' or both together are not in the vocabulary");
        merges.push_back({*a, *b, *merged});
    }
    unspelled rest{.fuses = from.flag(model, "fuse_unk", false, "model")};
    if (from.flag(model, "byte_fallback", false, "model")) rest.bytes = byte_tokens_of(words);
    if (const auto& unknown = member_or_null(model, "unk_token"); !unknown.is_null()) {
        rest.unknown = words.find(from.text(model, "unk_token", "model"));
        require<input_error>(rest.unknown.has_value(), from.origin, ": model.unk_token is not in the vocabulary");
    }
    return {merges, rest, from.flag(model, "ignore_merges", false, "model")};
}

/// The Unigram model: a list of texts and scores, by id. `texts` becomes the object of their ids.
inline std::vector<double> read_unigram_scores(const json_reader& from, const nlohmann::json& model,
                                               nlohmann::json& texts) {
    std::vector<double> scores;
    texts = nlohmann::json::object();
    for (const auto& entry : from.list(model, "vocab", "model")) {
        const bool good = entry.is_array() && entry.size() == 2 && entry[0].is_string() && entry[1].is_number();
        require<input_error>(good && std::isfinite(entry[1].get<double>()), from.origin, ": model.vocab[",
                             scores.size(), "]: a text and a finite score were expected");
        const auto& text = entry[0].get_ref<const std::string&>();
        require<input_error>(!text.empty() && texts.emplace(text, scores.size()).second, from.origin, ": model.vocab[",
                             scores.size(), "]: the text '", text, "' is empty or there before");
        scores.push_back(entry[1].get<double>());
    }
    return scores;
}

inline unigram read_unigram(const json_reader& from, const nlohmann::json& model, const vocabulary& words,
                            std::vector<double> scores) {
    unspelled rest{.fuses = true};
    if (from.flag(model, "byte_fallback", false, "model")) rest.bytes = byte_tokens_of(words);
    if (const auto& unknown = member_or_null(model, "unk_id"); !unknown.is_null()) {
        require<input_error>(unknown.is_number_unsigned() && unknown.get<std::uint64_t>() < scores.size(), from.origin,
                             ": model.unk_id is not the id of one of the ", scores.size(), " tokens");
        rest.unknown = unknown.get<token_id>();
    }
    return {words, scores, std::vector<bool>(scores.size(), true), rest};
}

inline token_id id_of(const json_reader& from, const vocabulary& words, const std::string& token,
                      std::string_view use) {
    const auto id = words.find(token);
    require<input_error>(id.has_value(), from.origin, ": the ", use, " token '", token, "' is not in the vocabulary");
    return *id;
}

/// The ids of a special token of a template: as its `special_tokens` list them, else by its text.
inline void append_template_ids(const json_reader& from, const nlohmann::json& value, const vocabulary& words,
                                const std::string& name, const std::string& where, std::vector<token_id>& out) {
    const auto& ids = member_or_null(member_or_null(member_or_null(value, "special_tokens"), name), "ids");
    if (ids.is_null()) out.push_back(id_of(from, words, name, "begin"));
    for (const auto& id : ids) {
        require<input_error>(id.is_number_unsigned() && id.get<std::uint64_t>() < words.size(), from.origin, ": ",
                             where, ".special_tokens.", name, ".ids: the id of a token was expected");
        out.push_back(id.get<token_id>());
    }
}

/// The special tokens that a `post_processor` puts before a single text.
inline std::vector<token_id> begin_of_template(const json_reader& from, const nlohmann::json& value,
                                               const vocabulary& words, const std::string& where = "post_processor") {
    std::vector<token_id> begin;
    if (value.is_null()) return begin;
    const std::string kind = from.text(value, "type", where);
    if (kind == "Sequence") {
        for (const auto& part : from.parts(value, "processors", where)) {
            if (begin.empty()) begin = begin_of_template(from, part, words, where + ".processors");
        }
    } else if (kind == "TemplateProcessing") {
        for (const auto& part : from.list(value, "single", where)) {
            const auto& token = member_or_null(part, "SpecialToken");
            if (token.is_null()) break;
            const std::string name = from.text(token, "id", where + ".single.SpecialToken");
            append_template_ids(from, value, words, name, where, begin);
        }
    } else if (kind != "ByteLevel") {
        from.unknown(where + ".type", kind, "Sequence, TemplateProcessing and ByteLevel are");
    }
    return begin;
}

/// "bos_token": "<s>" or {"content": "<s>", …}; null for null.
inline std::optional<std::string> token_of_config(const json_reader& from, const nlohmann::json& config,
                                                  std::string_view key) {
    const auto& value = member_or_null(config, key);
    if (value.is_null()) return std::nullopt;
    return value.is_object() ? from.text(value, "content", std::string(key)) : from.text(config, key, "the file");
}

} // namespace detail

/// A tokenizer from the JSON of tokenizer.json and of tokenizer_config.json (null: there is none). A begin token is
/// added when the configuration's add_bos_token says so; where it says nothing, when the post-processor's template
/// begins with one. The end token is the configuration's eos_token. Truncation and padding are not applied.
/// \throws input_error naming `origin` and the member that is missing, malformed or not supported.
template <int = on_demand>
tokenizer tokenizer_from_json(const nlohmann::json& file, const nlohmann::json& config, const std::string& origin,
                              const tokenizer_options& options = {}) {
    const json_reader from{origin}, from_config{origin + " (tokenizer_config.json)"};
    require<input_error>(file.is_object(), origin, ": an object was expected");
    require<input_error>(config.is_null() || config.is_object(), from_config.origin, ": an object was expected");
    const auto& model = member_or_null(file, "model");
    require<input_error>(model.is_object(), origin, ": model: an object was expected (is this a tokenizer.json?)");
    const auto& kind = member_or_null(model, "type");
    const bool by_score = kind == "Unigram";
    if (!kind.is_null() && kind != "BPE" && !by_score)
        from.unknown("model.type", from.text(model, "type", "model"), "BPE and Unigram are");
    tokenizer_parts parts;
    parts.added = read_added_tokens(from, file, from_config, config, parts.notes);
    nlohmann::json texts;
    std::vector<double> scores;
    if (by_score) scores = detail::read_unigram_scores(from, model, texts);
    parts.words = detail::read_vocabulary(from, by_score ? texts : member_or_null(model, "vocab"), parts.added);
    read_normalisers(from, member_or_null(file, "normalizer"), parts.normalisers);
    read_pretokenisers(from, member_or_null(file, "pre_tokenizer"), parts.pretokenisers);
    read_decoder(from, member_or_null(file, "decoder"), parts.decoding);
    if (by_score)
        parts.model = detail::read_unigram(from, model, parts.words, std::move(scores));
    else
        parts.model = detail::read_bpe(from, model, parts.words);
    if (!options.pretokenizer.empty()) {
        require(parts.decoding.byte_alphabet && !by_score, origin, ": a pre-tokeniser, '", options.pretokenizer,
                "', was asked for, but this is no byte-level tokenizer");
        parts.pretokenisers = steps_of(pretokeniser_named(options.pretokenizer));
        parts.notes.push_back(origin + ": instead of its pre_tokenizer, '" + options.pretokenizer +
                              "' was taken as asked");
    }

    const auto& asked = member_or_null(config, "add_bos_token");
    if (asked.is_null()) {
        parts.begin = detail::begin_of_template(from, member_or_null(file, "post_processor"), parts.words);
    } else if (from_config.flag(config, "add_bos_token", false, "the file")) {
        const auto begin = detail::token_of_config(from_config, config, "bos_token");
        require<input_error>(begin.has_value(), from_config.origin,
                             ": add_bos_token is true, but there is no bos_token");
        parts.begin = {detail::id_of(from_config, parts.words, *begin, "begin")};
    }
    if (const auto end = detail::token_of_config(from_config, config, "eos_token")) {
        parts.end = detail::id_of(from_config, parts.words, *end, "end");
    }
    return tokenizer(std::move(parts));
}

} // namespace preflearn
