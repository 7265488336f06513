/// \file
/// The two kinds of byte-pair encoding in use. `rank_bpe`: an ordered list of merges of token pairs (GPT-2,
/// tokenizer.json). `score_bpe`: any two neighbours merge when their text is a token, best score first
/// (SentencePiece, GGUF's "llama"). What no token spells becomes byte tokens <0x00> … <0xFF>, or the unknown token.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/text/encode/merge.hpp>
#include <preflearn/text/encode/vocabulary.hpp>

namespace preflearn {

/// The tokens that stand for single bytes, or -1.
using byte_tokens = std::array<token_id, 256>;

inline std::string byte_token_text(unsigned byte) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    return std::string("<0x") + digits[byte / 16] + digits[byte % 16] + ">";
}

/// <0x00> … <0xFF> as far as the vocabulary has them.
inline byte_tokens byte_tokens_of(const vocabulary& words) {
    byte_tokens tokens;
    for (unsigned byte = 0; byte < 256; ++byte) tokens[byte] = words.find(byte_token_text(byte)).value_or(-1);
    return tokens;
}

inline constexpr byte_tokens no_byte_tokens = [] {
    byte_tokens tokens{};
    tokens.fill(-1);
    return tokens;
}();

/// What becomes of text that no token spells.
struct unspelled {
    byte_tokens bytes = no_byte_tokens;
    std::optional<token_id> unknown{};
    bool fuses = false; ///< neighbouring unknown characters become one unknown token

    /// Whether each byte has a token.
    [[nodiscard]] bool spells(std::string_view text) const {
        return std::ranges::all_of(text, [&](char c) { return bytes[static_cast<unsigned char>(c)] >= 0; });
    }
    /// Appends the tokens of `text`; `after_unknown` says whether the token before was the unknown one, and is updated.
    void append(std::string_view text, std::vector<token_id>& out, bool& after_unknown) const {
        const bool known = spells(text);
        if (known) {
            for (const char c : text) out.push_back(bytes[static_cast<unsigned char>(c)]);
        } else if (unknown && !(fuses && after_unknown)) {
            out.push_back(*unknown);
        }
        after_unknown = !known;
    }

    /// Appends the tokens of merged symbols, which are parts of `piece`; those without a token are unspelled text.
    void append_symbols(std::span<const merge_symbol> symbols, std::string_view piece,
                        std::vector<token_id>& out) const {
        bool after_unknown = false;
        for (const merge_symbol& symbol : symbols) {
            if (symbol.bytes == 0) continue;
            if (symbol.id >= 0) {
                out.push_back(symbol.id);
                after_unknown = false;
            } else {
                append(piece.substr(symbol.begin, symbol.bytes), out, after_unknown);
            }
        }
    }
};

/// Byte-pair encoding by an ordered list of merges.
class rank_bpe {
  public:
    struct merge {
        token_id left, right, merged;
    };
    rank_bpe() = default;
    /// `merges` in order of rank; a pair that repeats has the rank of its last place, as in the tokenizers package.
    /// `whole_words`: a piece that is itself a token is not cut at all ("ignore_merges").
    rank_bpe(std::span<const merge> merges, unspelled rest, bool whole_words)
        : slots_(std::bit_ceil(2 * merges.size() + 2)), rest_(rest), whole_words_(whole_words) {
        for (std::size_t rank = 0; rank < merges.size(); ++rank) {
            const std::uint64_t key = key_of(merges[rank].left, merges[rank].right);
            slots_[slot_of(key)] = {key, {static_cast<std::uint32_t>(rank), merges[rank].merged}};
        }
    }

    /// Appends the tokens of one piece. What no token spells takes part in merging as its byte tokens or the unknown
    /// one, and is dropped before when there are none, as in the tokenizers package.
    void encode(const vocabulary& words, std::string_view piece, std::vector<token_id>& out, merger& space) const {
        if (whole_words_) {
            if (const auto id = words.find(piece)) {
                out.push_back(*id);
                return;
            }
        }
        bool after_unknown = false;
        const auto spell = [&](std::string_view letter, auto&& add) {
            if (const auto id = words.find(letter)) {
                add(*id, letter.size());
                after_unknown = false;
            } else if (rest_.spells(letter)) {
                for (const char byte : letter) add(rest_.bytes[static_cast<unsigned char>(byte)], 1);
                after_unknown = false;
            } else if (rest_.unknown) { // without one, the character is dropped and its neighbours meet
                if (!rest_.fuses || !after_unknown) add(*rest_.unknown, letter.size());
                after_unknown = true;
            }
        };
        const auto candidate = [&](const merge_symbol& left, const merge_symbol& right) {
            return find(left.id, right.id);
        };
        for (const merge_symbol& symbol : space.run(piece, spell, candidate))
            if (symbol.bytes > 0) out.push_back(symbol.id);
    }

  private:
    struct slot {
        std::uint64_t key = free_key;
        merge_candidate merged;
    };
    static constexpr std::uint64_t free_key = ~std::uint64_t{0}; // ids are never negative
    static std::uint64_t key_of(token_id left, token_id right) {
        return std::uint64_t{static_cast<std::uint32_t>(left)} << 32 | static_cast<std::uint32_t>(right);
    }
    [[nodiscard]] std::size_t slot_of(std::uint64_t key) const {
        const std::size_t mask = slots_.size() - 1;
        const std::uint64_t hash = key * 0x9E3779B97F4A7C15;
        for (std::size_t at = (hash ^ hash >> 32) & mask;; at = (at + 1) & mask) {
            if (slots_[at].key == key || slots_[at].key == free_key) return at;
        }
    }
    [[nodiscard]] std::optional<merge_candidate> find(token_id left, token_id right) const {
        if (slots_.empty()) return std::nullopt;
        const slot& found = slots_[slot_of(key_of(left, right))];
        return found.key == free_key ? std::nullopt : std::optional(found.merged);
    }

    std::vector<slot> slots_;
    unspelled rest_;
    bool whole_words_ = false;
};

/// Byte-pair encoding by the scores of the tokens themselves.
class score_bpe {
  public:
    score_bpe() = default;
    /// `scores[id]`, higher first; `mergeable[id]`: whether text may become this token (not so for control and byte
    /// tokens). \throws argument_error when a score is not finite.
    score_bpe(std::span<const float> scores, std::vector<bool> mergeable, unspelled rest)
        : ranks_(scores.size()), mergeable_(std::move(mergeable)), rest_(rest) {
        std::vector<std::uint32_t> order(scores.size());
        std::iota(order.begin(), order.end(), std::uint32_t{0});
        for (const float score : scores) require(std::isfinite(score), "a token's score is not finite");
        std::sort(order.begin(), order.end(), [&](auto a, auto b) { return scores[a] > scores[b]; });
        for (std::size_t i = 0; i < order.size(); ++i) { // equal scores share a rank
            ranks_[order[i]] = i > 0 && scores[order[i]] == scores[order[i - 1]] ? ranks_[order[i - 1]]
                                                                                 : static_cast<std::uint32_t>(i);
        }
    }

    /// Appends the tokens of one piece.
    void encode(const vocabulary& words, std::string_view piece, std::vector<token_id>& out, merger& space) const {
        const auto token_of = [&](std::string_view text) -> token_id {
            const auto id = words.find(text);
            return id && mergeable_[static_cast<std::size_t>(*id)] ? *id : -1;
        };
        const auto candidate = [&](const merge_symbol& left, const merge_symbol& right) {
            const token_id id = token_of(piece.substr(left.begin, left.bytes + right.bytes));
            return id < 0 ? std::nullopt : std::optional(merge_candidate{ranks_[static_cast<std::size_t>(id)], id});
        };
        const auto spell = [&](std::string_view letter, auto&& add) { add(token_of(letter), letter.size()); };
        rest_.append_symbols(space.run(piece, spell, candidate), piece, out);
    }

  private:
    std::vector<std::uint32_t> ranks_;
    std::vector<bool> mergeable_;
    unspelled rest_;
};

} // namespace preflearn
