/// \file
/// Unigram tokenisation (Kudo 2018), as SentencePiece and the tokenizers package have it: of all ways to spell a piece
/// by tokens, the one whose scores (log-probabilities) sum highest, found by Viterbi's algorithm. A character that no
/// token spells costs ten more than the worst token; neighbours of that kind become one unknown token, or bytes.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/text/characters/unicode.hpp>
#include <preflearn/text/encode/bpe.hpp>
#include <preflearn/text/encode/vocabulary.hpp>

namespace preflearn {

/// Tokens by their scores.
class unigram {
  public:
    unigram() = default;
    /// `scores[id]`; `usable[id]`: whether text may become this token. \throws argument_error when a score is not
    /// finite.
    unigram(const vocabulary& words, std::span<const double> scores, const std::vector<bool>& usable, unspelled rest)
        : scores_(scores.begin(), scores.end()), rest_(rest) {
        double worst = std::numeric_limits<double>::infinity();
        for (std::size_t id = 0; id < scores.size(); ++id) {
            require(std::isfinite(scores[id]), "the score of token ", id, " is not finite");
            worst = std::min(worst, scores[id]);
            if (usable[id] && !words.text(static_cast<token_id>(id)).empty())
                sorted_.push_back(static_cast<token_id>(id));
        }
        unknown_score_ = (scores.empty() ? 0 : worst) - 10;
        std::ranges::sort(sorted_, {}, [&](token_id id) { return std::pair(words.text(id), id); });
        for (std::size_t byte = 0, at = 0; byte < 256; ++byte) {
            const std::size_t begin = at;
            while (at < sorted_.size() && static_cast<unsigned char>(words.text(sorted_[at])[0]) == byte) ++at;
            by_first_byte_[byte] = {begin, at};
        }
    }

    /// Appends the tokens of one piece.
    void encode(const vocabulary& words, std::string_view piece, std::vector<token_id>& out, merger&) const {
        std::vector<place> best(piece.size() + 1);
        best[0].reached = true;
        for (std::size_t at = 0; at < piece.size();) {
            const std::size_t bytes = character_at(piece, at).bytes;
            bool spelled = false;
            for_each_token(words, piece.substr(at), [&](token_id id, std::size_t length) {
                best[at + length].offer({best[at].score + scores_[static_cast<std::size_t>(id)], at, id, true});
                spelled |= length == bytes;
            });
            if (!spelled) best[at + bytes].offer({best[at].score + unknown_score_, at, -1, true});
            at += bytes;
        }
        std::vector<std::pair<std::size_t, token_id>> path; // ends and tokens, from the last
        for (std::size_t end = piece.size(); end > 0; end = best[end].begin)
            path.emplace_back(end, best[end].id == rest_.unknown ? -1 : best[end].id);
        std::size_t begin = 0;
        bool after_unknown = false;
        while (!path.empty()) {
            auto [end, id] = path.back();
            path.pop_back();
            if (id >= 0) {
                out.push_back(id);
            } else {
                for (; !path.empty() && path.back().second < 0; path.pop_back()) end = path.back().first;
                const std::string_view text = piece.substr(begin, end - begin);
                after_unknown = false;
                if (const auto spelled = words.find(text))
                    out.push_back(*spelled); // the unknown token's own text
                else
                    rest_.append(text, out, after_unknown);
            }
            begin = end;
        }
    }

  private:
    /// The best way to come to a byte of the piece.
    struct place {
        double score = 0;
        std::size_t begin = 0;
        token_id id = -1;
        bool reached = false;
        void offer(const place& other) {
            if (!reached || other.score > score) *this = other;
        }
    };

    /// Calls `use(token, bytes)` for each token that `text` begins with, shortest first: the tokens are sorted, and
    /// each further byte narrows those that are left.
    template <class Use> void for_each_token(const vocabulary& words, std::string_view text, Use&& use) const {
        auto [begin, end] = by_first_byte_[static_cast<unsigned char>(text[0])];
        const auto by_byte = [&](std::size_t depth) {
            return [&words, depth](token_id id) {
                const std::string_view token = words.text(id);
                return depth < token.size() ? static_cast<int>(static_cast<unsigned char>(token[depth])) : -1;
            };
        };
        for (std::size_t length = 1; begin < end; ++length) {
            if (words.text(sorted_[begin]).size() == length) use(sorted_[begin], length);
            if (length == text.size()) return;
            const int next = static_cast<unsigned char>(text[length]);
            const auto first = sorted_.begin() + static_cast<std::ptrdiff_t>(begin),
                       last = sorted_.begin() + static_cast<std::ptrdiff_t>(end);
            const auto key = by_byte(length);
            const auto low = std::partition_point(first, last, [&](token_id id) { return key(id) < next; });
            const auto high = std::partition_point(low, last, [&](token_id id) { return key(id) <= next; });
            begin = static_cast<std::size_t>(low - sorted_.begin());
            end = static_cast<std::size_t>(high - sorted_.begin());
        }
    }

    std::vector<double> scores_;
    std::vector<token_id> sorted_; ///< by text
    std::array<std::pair<std::size_t, std::size_t>, 256> by_first_byte_{};
    double unknown_score_ = 0;
    unspelled rest_;
};

} // namespace preflearn
