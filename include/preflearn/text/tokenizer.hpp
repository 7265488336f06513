/// \file
/// A tokenizer: text to token ids and back. Added tokens are found first; what lies between is normalised, cut into
/// pieces and encoded by byte-pair merges, in the order of the tokenizers package, so that ids are equal to its.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <preflearn/core/ragged.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/text/characters/byte_alphabet.hpp>
#include <preflearn/text/encode/added_tokens.hpp>
#include <preflearn/text/encode/bpe.hpp>
#include <preflearn/text/encode/unigram.hpp>
#include <preflearn/text/encode/vocabulary.hpp>
#include <preflearn/text/steps/normalise.hpp>
#include <preflearn/text/steps/position.hpp>
#include <preflearn/text/steps/pretokenise.hpp>

namespace preflearn {

/// Whether special tokens that are spelled out in a text are found there (`parse`, as transformers does) or are text
/// like any other (`plain`, for text from strangers).
enum class special_tokens : std::uint8_t { parse, plain };

/// Whether decoding writes special tokens out or leaves them away.
enum class special_text : std::uint8_t { keep, skip };

/// How tokens become text.
struct decoding {
    bool byte_alphabet = false;                                  ///< texts are in the byte alphabet
    std::string space_symbol{};                                  ///< stands for a space, e.g. "▁"; empty: none does
    bool byte_tokens = false;                                    ///< <0x0A> is the byte 10
    std::vector<std::pair<std::string, std::string>> replaced{}; ///< texts within tokens, and what they become
    bool strips_first = false;                                   ///< one space at the start was added by encoding
    bool strips_after_added = false;                             ///< and one after each added token
};

/// What a caller knows better than the file.
struct tokenizer_options {
    /// The name of the pattern that cuts texts before byte-level merges, as in a GGUF file's `tokenizer.ggml.pre`
    /// ("gpt-2", "llama-bpe", "qwen2" …). Empty: what the file says. Where it is given, it replaces what the file says.
    std::string pretokenizer{};
};

/// What a tokenizer is made of; loaders fill it in.
struct tokenizer_parts {
    preflearn::vocabulary words; ///< all tokens, added ones included
    std::vector<added_token> added;
    std::vector<normalise_step> normalisers;
    std::vector<pretokenise_step> pretokenisers;
    std::variant<rank_bpe, score_bpe, unigram> model;
    preflearn::decoding decoding;
    std::vector<token_id> begin;    ///< what the file asks to be put before a prompt
    std::optional<token_id> end;    ///< ends a response
    std::vector<std::string> notes; ///< what had to be guessed or was overruled, one sentence each
};

/// Immutable and cheap to copy (copies share everything); all calls are thread safe.
class tokenizer {
  public:
    explicit tokenizer(tokenizer_parts parts) : content_(std::make_shared<const content>(std::move(parts))) {}

    /// The token ids of a text, without begin and end tokens: those are the caller's to place. Any bytes are allowed:
    /// each byte that is not UTF-8 counts as a character of its own. Byte-level vocabularies and those with byte tokens
    /// give every byte back from `decode`; others have the unknown token (or nothing) for what they cannot spell.
    /// \param position whether the text begins what is read or goes on behind a text encoded before it
    [[nodiscard]] std::vector<token_id> encode(std::string_view text, special_tokens found = special_tokens::parse,
                                               text_position position = text_position::start) const {
        std::vector<token_id> ids;
        ids.reserve(text.size() / 4 + 1);
        merger space;
        const bool finds_special = found == special_tokens::parse;
        const auto on_token = [&](const added_token& token) { ids.push_back(token.id); };
        content_->raw_search.split(
            text, finds_special,
            [&](std::string_view part) {
                const text_position part_at = part.data() == text.data() ? position : text_position::after_added;
                std::string normal(part);
                normalise(normal, content_->parts.normalisers, part_at);
                const std::string_view whole = normal;
                content_->normal_search.split(
                    whole, finds_special,
                    [&](std::string_view plain) {
                        const bool first = plain.data() == whole.data();
                        encode_plain(plain, first ? part_at : text_position::after_added, ids, space);
                    },
                    on_token);
            },
            on_token);
        return ids;
    }

    /// The text of token ids; special tokens are written out or left away. Bytes are given back as they are, so part
    /// of a text may end within a character. \param position where the text stands: only at a start is the space taken
    /// off that encoding put in front \throws argument_error when an id is not in the vocabulary.
    [[nodiscard]] std::string decode(token_span ids, special_text shown = special_text::keep,
                                     text_position position = text_position::start) const {
        const decoding& how = content_->parts.decoding;
        std::string text;
        bool strips = position == text_position::start         ? how.strips_first
                      : position == text_position::after_added ? how.strips_after_added
                                                               : false;
        for (const token_id id : ids) {
            require(id >= 0 && static_cast<std::size_t>(id) < size(), "token ", id, " of a vocabulary of ", size());
            const auto at = static_cast<std::size_t>(id);
            if (content_->is_special[at] && shown == special_text::skip) {
                strips = strips || how.strips_after_added;
                continue;
            }
            if (content_->is_raw[at]) {
                append(text, content_->decoded[at]);
                strips = how.strips_after_added;
                continue;
            }
            const auto piece = content_->decoded[at];
            const bool stripped = strips && !piece.empty() && piece.front() == ' ';
            append(text, stripped ? piece.subspan(1) : piece);
            strips = false;
        }
        return text;
    }

    /// The number of ids, added tokens and unused ids included: what a model's logits are indexed by.
    [[nodiscard]] std::size_t size() const { return content_->parts.words.size(); }
    /// The tokens that a prompt begins with, only where the tokenizer's file asks that some be added. Valid as long as
    /// any copy of the tokenizer.
    [[nodiscard]] token_span begin_tokens() const { return content_->parts.begin; }
    /// The one token that a prompt begins with, if any. \throws argument_error when there are several.
    [[nodiscard]] std::optional<token_id> begin_token() const {
        const token_span begin = begin_tokens();
        require(begin.size() < 2, "this tokenizer puts ", begin.size(), " tokens before a text, not one");
        return begin.empty() ? std::nullopt : std::optional(begin.front());
    }
    /// The token that ends a response, where the file names one.
    [[nodiscard]] std::optional<token_id> end_token() const { return content_->parts.end; }
    /// What a user should be told: what the file does not say and was guessed, what it says twice, what was overruled.
    /// Plain sentences that name the file; most tokenizers have none. Valid as long as any copy of the tokenizer.
    [[nodiscard]] std::span<const std::string> notes() const { return content_->parts.notes; }
    /// The token as the vocabulary spells it, e.g. "Ġthe" or "▁the" for " the"; empty for an unused id.
    /// Valid as long as any copy of the tokenizer. \throws argument_error when there is no such id.
    [[nodiscard]] std::string_view token_text(token_id id) const { return content_->parts.words.text(id); }
    /// The id of a token by its spelling in the vocabulary.
    [[nodiscard]] std::optional<token_id> find(std::string_view spelling) const {
        return content_->parts.words.find(spelling);
    }
    /// The added token with this id, or nothing: how it is found, and what it strips. Valid as `token_text`.
    [[nodiscard]] const added_token* added(token_id id) const {
        const auto& all = content_->parts.added;
        const auto at = std::ranges::find(all, id, &added_token::id);
        return at == all.end() ? nullptr : &*at;
    }
    /// Whether a token is a control token. \throws argument_error when there is no such id.
    [[nodiscard]] bool is_special(token_id id) const {
        require(id >= 0 && static_cast<std::size_t>(id) < size(), "token ", id, " of a vocabulary of ", size());
        return content_->is_special[static_cast<std::size_t>(id)];
    }

  private:
    struct content {
        tokenizer_parts parts;
        added_token_search raw_search, normal_search;
        ragged<char> decoded; ///< the bytes of each token
        std::vector<bool> is_special;
        std::vector<bool> is_raw; ///< added tokens found in the text as it stands, not in the normalised one

        explicit content(tokenizer_parts from)
            : parts(std::move(from)), is_special(parts.words.size()), is_raw(parts.words.size()) {
            std::vector<added_token> raw, normal;
            std::unordered_map<std::size_t, std::string> normalised;
            for (const added_token& token : parts.added) {
                require(token.id >= 0 && static_cast<std::size_t>(token.id) < parts.words.size(), "the added token '",
                        token.text, "' has the id ", token.id, " in a vocabulary of ", parts.words.size());
                const auto id = static_cast<std::size_t>(token.id);
                is_special[id] = token.special;
                is_raw[id] = !token.normalised;
                (token.normalised ? normal : raw).push_back(token);
                if (token.normalised) {
                    normalise(normal.back().text, parts.normalisers);
                    normalised[id] = normal.back().text;
                }
            }
            raw_search = added_token_search(std::move(raw));
            normal_search = added_token_search(std::move(normal));
            for (std::size_t id = 0; id < parts.words.size(); ++id) {
                const std::string_view text = parts.words.text(static_cast<token_id>(id));
                if (const auto found = normalised.find(id); found != normalised.end()) {
                    decoded.push_back(with_spaces(found->second, parts.decoding));
                } else if (is_raw[id]) {
                    decoded.push_back(text);
                } else {
                    decoded.push_back(bytes_of_token(text, parts.decoding));
                }
            }
        }
    };

    static std::string with_spaces(std::string text, const decoding& how) {
        if (!how.space_symbol.empty()) detail::replace_all(text, how.space_symbol, " ");
        for (const auto& [from, to] : how.replaced) detail::replace_all(text, from, to);
        return text;
    }
    static std::string bytes_of_token(std::string_view text, const decoding& how) {
        if (how.byte_alphabet) return bytes_from_alphabet(text).value_or(std::string(text));
        if (how.byte_tokens && text.size() == 6 && text.starts_with("<0x") && text.ends_with('>')) {
            const auto digit = [](char c) {
                return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
            };
            const int high = digit(text[3]), low = digit(text[4]);
            if (high >= 0 && low >= 0) return std::string(1, static_cast<char>(high * 16 + low));
        }
        return with_spaces(std::string(text), how);
    }
    static void append(std::string& text, std::span<const char> bytes) { text.append(bytes.data(), bytes.size()); }

    void encode_plain(std::string_view plain, text_position position, std::vector<token_id>& ids, merger& space) const {
        text_pieces pieces{std::string(plain)};
        for (const pretokenise_step& step : content_->parts.pretokenisers) pretokenise(pieces, step, position);
        std::visit(
            [&](const auto& model) {
                pieces.for_each(
                    [&](std::string_view piece) { model.encode(content_->parts.words, piece, ids, space); });
            },
            content_->parts.model);
    }

    std::shared_ptr<const content> content_;
};

} // namespace preflearn
