/// \file
/// The tokenizer inside a GGUF file (keys tokenizer.ggml.*): model "gpt2" is byte-level BPE by ranks, with the split
/// pattern that `pre` names; model "llama" is SentencePiece BPE by scores.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/checkpoint_file.hpp>
#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/error.hpp>
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
        if (by_score) {
            read_score_model(made, types);
        } else {
            read_rank_model(made);
        }

        const bool llama3 = !by_score && adds_begin_unasked(text("pre").value_or("default"));
        const auto begin = token("bos_token_id", texts.size());
        const std::optional<bool> asked = flag("add_bos_token");
        require<input_error>(begin || !asked.value_or(false), file(), ": a begin token is asked for, but there is no ",
                             "tokenizer.ggml.bos_token_id");
        if (asked.value_or(by_score || llama3)) made.begin = begin;
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

    void read_rank_model(tokenizer_parts& made) const {
        const std::string pre = options_.pretokenizer.empty() ? text("pre").value_or("default") : options_.pretokenizer;
        const bool whole_words = read_pre(made, pre);
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
        made.model = rank_bpe(merges, unspelled{}, whole_words); // bytes without a token are dropped, as by the peers
        made.decoding = {.byte_alphabet = true};
    }

    static bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
        return std::find(names.begin(), names.end(), name) != names.end();
    }
    /// Llama 3's conversions may leave add_bos_token out and mean it.
    static bool adds_begin_unasked(std::string_view pre) {
        return is_one_of(pre, {"llama3", "llama-v3", "llama-bpe", "falcon3"});
    }
    /// The split pattern that a name stands for in llama.cpp; returns whether whole words skip the merges.
    bool read_pre(tokenizer_parts& made, const std::string& pre) const {
        const byte_level_step map_only{.adds_space = false, .splits = false};
        // "smollm": as transformers reads GGUF files. The model's own tokenizer.json (and llama.cpp) isolates digits
        // first, which in its vocabulary differs only where two or more spaces or line ends precede a digit.
        if (is_one_of(pre, {"default", "gpt-2", "phi-2", "mpt", "olmo", "smollm"})) {
            made.pretokenisers = {byte_level_step{}};
        } else if (is_one_of(pre, {"starcoder", "refact", "command-r"})) {
            made.pretokenisers = {number_split{1}, byte_level_step{}};
        } else if (is_one_of(pre, {"llama3", "llama-v3", "llama-bpe", "falcon3", "dbrx", "smaug-bpe"})) {
            made.pretokenisers = {llama3_split{3}, map_only};
        } else if (is_one_of(pre, {"qwen2", "stablelm2", "deepseek-r1-qwen"})) {
            made.pretokenisers = {llama3_split{1}, map_only};
        } else {
            throw input_error(message(file(), ": tokenizer.ggml.pre is '", pre,
                                      "', which is not known; gpt-2, smollm, ",
                                      "llama-bpe, qwen2 and names for the same patterns are"));
        }
        return adds_begin_unasked(pre);
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
