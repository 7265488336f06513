/// \file
/// What the tokenizer.ggml.* keys of a GGUF file hold, checked: tokens and their types, scores or merges, which tokens
/// have a part to play, and the pre-tokeniser. From it a tokenizer is made here, and a tokenizer.json for others.
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
#include <preflearn/core/tokens.hpp>
#include <preflearn/text/encode/added_tokens.hpp>
#include <preflearn/text/encode/bpe.hpp>
#include <preflearn/text/encode/vocabulary.hpp>
#include <preflearn/text/steps/named_pretokenisers.hpp>
#include <preflearn/text/steps/recognise.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

/// The tokenizer of a GGUF file in parts.
struct gguf_vocabulary {
    /// SentencePiece BPE by scores (model "llama"); otherwise byte-level BPE by ranks ("gpt2").
    bool by_score = false;
    vocabulary words{};
    std::vector<added_token> added{}; ///< control, unknown and user-defined tokens
    /// By id, where `by_score`: scores, and whether text may become the token (not control and byte tokens).
    std::vector<float> scores{};
    std::vector<bool> mergeable{};
    /// By rank, otherwise.
    std::vector<rank_bpe::merge> merges{};
    const named_pretokeniser* pretokeniser = nullptr;
    /// Whether a text gets a space in front, where `by_score`.
    bool adds_space = false;
    std::optional<token_id> begin{}, end{}, unknown{}, padding{};
    /// Whether a prompt begins with `begin`.
    bool adds_begin = false;
    std::vector<std::string> notes{}; ///< what had to be guessed or was overruled, one sentence each
};

namespace detail {

/// Reads the tokenizer.ggml.* keys of one file with checks.
class gguf_tokenizer_reader {
  public:
    gguf_tokenizer_reader(const checkpoint_file& file, const tokenizer_options& options)
        : file_(file), options_(options) {}

    [[nodiscard]] gguf_vocabulary read() const {
        const std::string kind = text("model").value_or("");
        require<input_error>(kind == "gpt2" || kind == "llama", file(), ": tokenizer.ggml.model is '", kind,
                             "'; 'gpt2' and 'llama' are read");
        gguf_vocabulary made{.by_score = kind == "llama"};
        const auto& tokens = list("tokens");
        std::vector<std::string_view> texts;
        texts.reserve(tokens.size());
        for (const auto& token : tokens) {
            require<input_error>(token.is_string(), file(), ": tokenizer.ggml.tokens[", texts.size(),
                                 "] is not a string");
            texts.push_back(token.get_ref<const std::string&>());
        }
        require<input_error>(!texts.empty(), file(), ": tokenizer.ggml.tokens is empty");
        made.words = vocabulary(texts);

        const std::vector<std::int64_t> types = token_types(texts.size());
        for (std::size_t id = 0; id < texts.size(); ++id) {
            const bool special = types[id] == control_type || types[id] == unknown_type;
            if (!special && types[id] != user_defined_type) continue;
            made.added.push_back({.id = static_cast<token_id>(id), .text = std::string(texts[id]), .special = special});
        }
        if (made.by_score) {
            require(options_.pretokenizer.empty(), file(), ": a pre-tokeniser, '", options_.pretokenizer,
                    "', was asked for, but a tokenizer of the kind 'llama' has none");
            read_scores(made, types);
        } else {
            made.pretokeniser = &chosen_pretokeniser(made);
            read_merges(made);
        }
        made.unknown =
            made.by_score ? token("unknown_token_id", texts.size()) : optional_token("unknown_token_id", texts.size());
        const bool unsaid = made.by_score || made.pretokeniser->adds_begin;
        made.begin = token("bos_token_id", texts.size());
        const std::optional<bool> asked = flag("add_bos_token");
        require<input_error>(made.begin || !asked.value_or(false), file(),
                             ": a begin token is asked for, but there is no tokenizer.ggml.bos_token_id");
        made.adds_begin = made.begin && asked.value_or(unsaid);
        made.end = token("eos_token_id", texts.size());
        made.padding = optional_token("padding_token_id", texts.size());
        return made;
    }

  private:
    // llama.cpp's token types
    static constexpr std::int64_t normal_type = 1, unknown_type = 2, control_type = 3, user_defined_type = 4;

    void read_scores(gguf_vocabulary& made, const std::vector<std::int64_t>& types) const {
        const auto& list_of_scores = list("scores");
        require<input_error>(list_of_scores.size() == types.size(), file(), ": ", types.size(), " tokens, but ",
                             list_of_scores.size(), " tokenizer.ggml.scores");
        for (const auto& score : list_of_scores) {
            const float value = score.is_number() ? score.get<float>() : std::numeric_limits<float>::quiet_NaN();
            require<input_error>(std::isfinite(value), file(), ": tokenizer.ggml.scores[", made.scores.size(),
                                 "] is not a finite number");
            const std::int64_t type = types[made.scores.size()];
            made.mergeable.push_back(type == normal_type || type == user_defined_type);
            made.scores.push_back(value);
        }
        made.adds_space = flag("add_space_prefix").value_or(true);
    }

    void read_merges(gguf_vocabulary& made) const {
        const auto& list_of_merges = list("merges");
        made.merges.reserve(list_of_merges.size());
        for (const auto& entry : list_of_merges) {
            const std::string_view pair =
                entry.is_string() ? std::string_view(entry.get_ref<const std::string&>()) : "";
            const std::size_t cut = pair.size() > 1 ? pair.find(' ', 1) : std::string_view::npos;
            require<input_error>(cut != std::string_view::npos, file(), ": tokenizer.ggml.merges[", made.merges.size(),
                                 "] is not two tokens with a space between");
            const auto left = made.words.find(pair.substr(0, cut)), right = made.words.find(pair.substr(cut + 1));
            const auto merged = made.words.find(std::string(pair.substr(0, cut)).append(pair.substr(cut + 1)));
            require<input_error>(left && right && merged, file(), ": tokenizer.ggml.merges[", made.merges.size(),
                                 "], '", pair, "', has a part or a result that is not a token");
            made.merges.push_back({*left, *right, *merged});
        }
    }

    /// The pre-tokeniser that was asked for, or that the file names, or that the vocabulary looks like, or llama.cpp's
    /// default; a note says what was not read from the file.
    const named_pretokeniser& chosen_pretokeniser(gguf_vocabulary& made) const {
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

    /// Of a token that nothing here depends on: nothing where its id is none.
    [[nodiscard]] std::optional<token_id> optional_token(std::string_view key, std::size_t count) const {
        const auto& found = value(key);
        if (!found.is_number_unsigned() || found.get<std::uint64_t>() >= count) return std::nullopt;
        return found.get<token_id>();
    }

    const checkpoint_file& file_;
    const tokenizer_options& options_;
};

} // namespace detail

/// The tokenizer of a GGUF file that is already read, in parts. \throws input_error naming the file and the key that is
/// missing, malformed or not supported.
inline gguf_vocabulary read_gguf_vocabulary(const checkpoint_file& file, const tokenizer_options& options = {}) {
    return detail::gguf_tokenizer_reader(file, options).read();
}

} // namespace preflearn
