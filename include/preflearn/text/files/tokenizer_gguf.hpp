/// \file
/// The tokenizer inside a GGUF file (keys tokenizer.ggml.*): model "gpt2" is byte-level BPE by ranks, with the split
/// pattern that `pre` names; model "llama" is SentencePiece BPE by scores. Ids are llama.cpp's, which keeps tokens of
/// several spaces (Gemma's) as spaces: the longest of them is taken first, and a text's own "▁▁" is not one of them,
/// but twice "▁". (Of both, and of them alone, transformers makes other ids from such a file.)
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/checkpoint_file.hpp>
#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/text/steps/named_pretokenisers.hpp>
#include <preflearn/text/steps/recognise.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

namespace detail {

/// Reads the tokenizer.ggml.* keys of one file with checks.
class gguf_tokenizer_reader {
  public:
    gguf_tokenizer_reader(const checkpoint_file& file, const tokenizer_options& options)
        : file_(file), options_(options) {}

    [[nodiscard]] tokenizer_parts parts() const {
        const std::string kind = text("model").value_or("");
        require<input_error>(kind == "gpt2" || kind == "llama", file(), ": tokenizer.ggml.model is '", kind,
                             "'; 'gpt2' and 'llama' are read");
        const bool by_score = kind == "llama";

        const auto& tokens = list("tokens");
        std::vector<std::string_view> texts;
        texts.reserve(tokens.size());
        for (const auto& token : tokens) {
            require<input_error>(token.is_string(), file(), ": tokenizer.ggml.tokens[", texts.size(),
                                 "] is not a string");
            texts.push_back(token.get_ref<const std::string&>());
        }
        require<input_error>(!texts.empty(), file(), ": tokenizer.ggml.tokens is empty");
        tokenizer_parts made;
        made.words = vocabulary(texts);

        const std::vector<std::int64_t> types = token_types(texts.size());
        for (std::size_t id = 0; id < texts.size(); ++id) {
            const bool special = types[id] == control_type || types[id] == unknown_type;
            if (!special && types[id] != user_defined_type) continue;
            made.added.push_back({.id = static_cast<token_id>(id), .text = std::string(texts[id]), .special = special});
        }
        bool adds_begin = by_score;
        if (by_score) {
            require(options_.pretokenizer.empty(), file(), ": a pre-tokeniser, '", options_.pretokenizer,
                    "', was asked for, but a tokenizer of the kind 'llama' has none");
            read_score_model(made, types);
        } else {
            adds_begin = read_rank_model(made);
        }

        const auto begin = token("bos_token_id", texts.size());
        const std::optional<bool> asked = flag("add_bos_token");
        require<input_error>(begin || !asked.value_or(false), file(), ": a begin token is asked for, but there is no ",
                             "tokenizer.ggml.bos_token_id");
        if (begin && asked.value_or(adds_begin)) made.begin = {*begin};
        made.end = token("eos_token_id", texts.size());
        return made;
    }

  private:
    // llama.cpp's token types
    static constexpr std::int64_t normal_type = 1, unknown_type = 2, control_type = 3, user_defined_type = 4;

    void read_score_model(tokenizer_parts& made, const std::vector<std::int64_t>& types) const {
        const auto& list_of_scores = list("scores");
        require<input_error>(list_of_scores.size() == types.size(), file(), ": ", types.size(), " tokens, but ",
                             list_of_scores.size(), " tokenizer.ggml.scores");
        std::vector<float> scores;
        std::vector<bool> mergeable;
        for (const auto& score : list_of_scores) {
            const float value = score.is_number() ? score.get<float>() : std::numeric_limits<float>::quiet_NaN();
            require<input_error>(std::isfinite(value), file(), ": tokenizer.ggml.scores[", scores.size(),
                                 "] is not a finite number");
            mergeable.push_back(types[scores.size()] == normal_type || types[scores.size()] == user_defined_type);
            scores.push_back(value);
        }
        unspelled rest{
            .bytes = byte_tokens_of(made.words), .unknown = token("unknown_token_id", types.size()), .fuses = true};
        made.model = score_bpe(scores, std::move(mergeable), rest);
        const bool prefix = flag("add_space_prefix").value_or(true);
        if (prefix) made.normalisers.push_back(prepend_step{" "});
        made.normalisers.push_back(replace_step{" ", "\u2581"});
        made.decoding = {
            .space_symbol = "\u2581", .byte_tokens = true, .strips_first = prefix, .strips_after_added = prefix};
    }

    /// Returns whether a begin token is added when the file does not say.
    bool read_rank_model(tokenizer_parts& made) const {
        const named_pretokeniser& pre = chosen_pretokeniser(made);
        made.pretokenisers = steps_of(pre);
        std::vector<rank_bpe::merge> merges;
        const auto& list_of_merges = list("merges");
        merges.reserve(list_of_merges.size());
        for (const auto& entry : list_of_merges) {
            const std::string_view pair =
                entry.is_string() ? std::string_view(entry.get_ref<const std::string&>()) : "";
            const std::size_t cut = pair.size() > 1 ? pair.find(' ', 1) : std::string_view::npos;
            require<input_error>(cut != std::string_view::npos, file(), ": tokenizer.ggml.merges[", merges.size(),
                                 "] is not two tokens with a space between");
            const auto left = made.words.find(pair.substr(0, cut)), right = made.words.find(pair.substr(cut + 1));
            const auto merged = made.words.find(std::string(pair.substr(0, cut)).append(pair.substr(cut + 1)));
            require<input_error>(left && right && merged, file(), ": tokenizer.ggml.merges[", merges.size(), "], '",
                                 pair, "', has a part or a result that is not a token");
            merges.push_back({*left, *right, *merged});
        }
        made.model = rank_bpe(merges, unspelled{}, pre.whole_words); // bytes without a token are dropped, as by peers
        made.decoding = {.byte_alphabet = true};
        return pre.adds_begin;
    }

    /// The pre-tokeniser that was asked for, or that the file names, or that the vocabulary looks like, or llama.cpp's
    /// default; a note says what was not read from the file.
    const named_pretokeniser& chosen_pretokeniser(tokenizer_parts& made) const {
        const std::string named = text("pre").value_or(""), key = file() + ": tokenizer.ggml.pre ";
        const std::string said = key + (named.empty() ? "is missing" : "is '" + named + "'");
        if (!options_.pretokenizer.empty()) {
            const named_pretokeniser& asked = pretokeniser_named(options_.pretokenizer);
            if (!asked.has(named)) made.notes.push_back(said + "; '" + options_.pretokenizer + "' was taken as asked");
            return asked;
        }
        const named_pretokeniser* const known = find_pretokeniser(named);
        if (known != nullptr && named != "default") return *known;
        require<input_error>(!is_foreign_pretokeniser(named), key, "is '", named, "', which is not supported; ",
                             known_pretokenisers(), " and other names for these are");
        const std::string unknown = named.empty() || named == "default" ? "" : ", a name that is not known";
        std::vector<bool> is_added(made.words.size());
        for (const added_token& token : made.added) is_added[static_cast<std::size_t>(token.id)] = true;
        if (const auto found = recognise_pretokeniser(made.words, is_added)) {
            made.notes.push_back(message(said, unknown, "; the vocabulary looks like that of '", found->name, "' (by ",
                                         found->witness, "), so that was taken"));
            return pretokeniser_named(found->name);
        }
        made.notes.push_back(message(said, unknown, "; the pattern that llama.cpp takes then was taken ('default'). A ",
                                     "model that was trained with another reads other tokens: name it; there are ",
                                     known_pretokenisers()));
        return pretokeniser_named("default");
    }

    [[nodiscard]] std::vector<std::int64_t> token_types(std::size_t count) const {
        const auto& types = value("token_type");
        if (types.is_null()) return std::vector<std::int64_t>(count, normal_type);
        require<input_error>(types.is_array() && types.size() == count, file(),
                             ": tokenizer.ggml.token_type: a list of ", count, " numbers was expected");
        std::vector<std::int64_t> read;
        read.reserve(count);
        for (const auto& type : types) {
            require<input_error>(type.is_number_integer(), file(), ": tokenizer.ggml.token_type[", read.size(),
                                 "] is not a whole number");
            read.push_back(type.get<std::int64_t>());
        }
        return read;
    }

    [[nodiscard]] std::string file() const { return file_.path().string(); }
    [[nodiscard]] const nlohmann::json& value(std::string_view key) const {
        return member_or_null(file_.metadata(), "tokenizer.ggml." + std::string(key));
    }
    [[nodiscard]] const nlohmann::json& list(std::string_view key) const {
        const auto& found = value(key);
        require<input_error>(found.is_array(), file(), ": tokenizer.ggml.", key, ", a list, was expected",
                             found.is_null() ? " (is there a tokenizer in this file?)" : "");
        return found;
    }
    [[nodiscard]] std::optional<std::string> text(std::string_view key) const {
        const auto& found = value(key);
        if (found.is_null()) return std::nullopt;
        require<input_error>(found.is_string(), file(), ": tokenizer.ggml.", key, " is not a string");
        return found.get<std::string>();
    }
    [[nodiscard]] std::optional<bool> flag(std::string_view key) const {
        const auto& found = value(key);
        if (found.is_null()) return std::nullopt;
        require<input_error>(found.is_boolean(), file(), ": tokenizer.ggml.", key, " is not true or false");
        return found.get<bool>();
    }
    [[nodiscard]] std::optional<token_id> token(std::string_view key, std::size_t count) const {
        const auto& found = value(key);
        if (found.is_null()) return std::nullopt;
        require<input_error>(found.is_number_unsigned() && found.get<std::uint64_t>() < count, file(),
                             ": tokenizer.ggml.", key, " is not the id of one of the ", count, " tokens");
        return found.get<token_id>();
    }

    const checkpoint_file& file_;
    const tokenizer_options& options_;
};

} // namespace detail

/// The tokenizer of a GGUF file that is already read. \throws input_error naming the file and the key that is missing,
/// malformed or not supported.
inline tokenizer tokenizer_from_gguf(const checkpoint_file& file, const tokenizer_options& options = {}) {
    return tokenizer(detail::gguf_tokenizer_reader(file, options).parts());
}

} // namespace preflearn
