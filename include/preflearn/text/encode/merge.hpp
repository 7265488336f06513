/// \file
/// Byte-pair encoding of one piece: of all neighbouring pairs that may merge, the one of lowest rank (leftmost among
/// equals) merges, until none may (Sennrich et al. 2016). Symbols are a linked list and pairs wait in a heap, so a
/// piece of n characters costs O(n log n), however long it is.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/text/characters/unicode.hpp>

namespace preflearn {

/// What a pair of neighbours becomes, and how soon: low ranks first.
struct merge_candidate {
    std::uint32_t rank = 0;
    token_id id = -1;
};

/// A stretch of the piece: its token, or -1 for text that no token spells.
struct merge_symbol {
    token_id id = -1;
    std::uint32_t begin = 0;
    std::uint32_t bytes = 0; ///< 0: it was merged into the symbol before
    std::uint32_t next = 0;  ///< index of the following symbol; the number of symbols: none
    std::uint32_t previous = 0;
};

/// The work space of merging; reused from piece to piece so that merging allocates nothing.
class merger {
  public:
    /// Cuts `piece` into characters and merges. `spell(character, add)` calls `add(token, bytes)` for what the
    /// character begins as: one symbol (token -1: none spells it), several, or none, whose neighbours then meet.
    /// `candidate(left, right)` is what two merge_symbols become, if anything (std::optional<merge_candidate>).
    /// Returns the symbols; those with bytes > 0 are the result, in order.
    template <class Spell, class Candidate>
    const std::vector<merge_symbol>& run(std::string_view piece, Spell&& spell, Candidate&& candidate) {
        require(piece.size() < std::numeric_limits<std::uint32_t>::max(), "a text of ", piece.size(),
                " bytes is too long to tokenise in one piece");
        symbols_.clear();
        heap_.clear();
        for (std::size_t at = 0; at < piece.size();) {
            const std::size_t bytes = character_at(piece, at).bytes;
            std::size_t begin = at;
            spell(piece.substr(at, bytes), [&](token_id id, std::size_t length) {
                const auto index = static_cast<std::uint32_t>(symbols_.size());
                symbols_.push_back(
                    {id, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(length), index + 1, index - 1});
                begin += length;
            });
            at += bytes;
        }
        const auto count = static_cast<std::uint32_t>(symbols_.size());
        const auto consider = [&](std::uint32_t left) {
            const std::uint32_t right = symbols_[left].next;
            if (right >= count) return;
            if (const std::optional<merge_candidate> found = candidate(symbols_[left], symbols_[right])) {
                heap_.push_back({found->rank, left, symbols_[left].bytes + symbols_[right].bytes, found->id});
                std::push_heap(heap_.begin(), heap_.end(), later);
            }
        };
        for (std::uint32_t i = 0; i + 1 < count; ++i) consider(i);
        while (!heap_.empty()) {
            std::pop_heap(heap_.begin(), heap_.end(), later);
            const waiting best = heap_.back();
            heap_.pop_back();
            merge_symbol& left = symbols_[best.left];
            if (left.bytes == 0 || left.next >= count) continue;
            merge_symbol& right = symbols_[left.next];
            if (left.bytes + right.bytes != best.bytes) continue; // one of the two has grown since
            left.id = best.id;
            left.bytes = best.bytes;
            left.next = right.next;
            right.bytes = 0;
            if (left.next < count) symbols_[left.next].previous = best.left;
            if (left.previous < count) consider(left.previous);
            consider(best.left);
        }
        return symbols_;
    }

  private:
    struct waiting {
        std::uint32_t rank;
        std::uint32_t left;
        std::uint32_t bytes; ///< of both together: tells a pair that has changed meanwhile
        token_id id;
    };
    static bool later(const waiting& a, const waiting& b) {
        return a.rank != b.rank ? a.rank > b.rank : a.left > b.left;
    }

    std::vector<merge_symbol> symbols_;
    std::vector<waiting> heap_;
};

} // namespace preflearn
