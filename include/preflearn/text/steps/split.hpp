/// \file
/// Where pre-tokenisation cuts a text: at the matches of an expression, at numbers, at a literal text.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/text/characters/unicode.hpp>
#include <preflearn/text/expressions/expression.hpp>

namespace preflearn {

namespace detail {

/// The end of the run of numbers that begins at `at`, of at most `most` characters.
inline std::size_t end_of_numbers(std::string_view text, std::size_t at, std::size_t most) {
    for (; at < text.size() && most > 0; --most) {
        const character c = character_at(text, at);
        if (class_of(c) != character_class::number) break;
        at += c.bytes;
    }
    return at;
}

} // namespace detail

/// Cuts at the matches of an expression. What lies between two matches is kept as a piece, too; `behaviour` says what
/// becomes of matches, with `inverted` of what lies between (`Split` of tokenizer.json).
struct expression_split {
    enum class behaviours : std::uint8_t {
        isolated,       ///< each is a piece
        removed,        ///< each is left out
        joins_previous, ///< each ends the piece before it, unless that is a match
        joins_next,     ///< each begins the piece after it, unless that is a match
        contiguous,     ///< matches next to each other are one piece
    };
    expression pattern;
    behaviours behaviour = behaviours::isolated;
    bool inverted = false;

    /// A part of a text: a match, or what lies between two.
    struct part {
        std::size_t begin = 0, end = 0;
        bool is_match = false;
    };
    /// Calls `use(part)` for each part in order; none is empty.
    template <class Use> void for_each_part(std::string_view text, Use&& use) const {
        std::size_t done = 0;
        for (std::size_t from = 0; done < text.size();) {
            const auto found = pattern.find(text, from);
            const std::size_t begin = found ? found->begin : text.size();
            if (begin > done) use(part{done, begin, false});
            if (!found) break;
            if (found->end > begin) use(part{begin, found->end, true});
            done = from = found->end;
            if (found->end == begin) { // an empty match cuts; the next one is further on
                if (from == text.size()) break;
                from += character_at(text, from).bytes;
            }
        }
    }

    /// The pieces of a text.
    [[nodiscard]] std::vector<part> pieces(std::string_view text) const {
        using enum behaviours;
        std::vector<part> made;
        bool before = false; // whether the part before is a match
        for_each_part(text, [&](part next) {
            next.is_match = next.is_match != inverted;
            const bool joins = !made.empty() && ((behaviour == joins_previous && next.is_match && !before) ||
                                                 (behaviour == joins_next && !next.is_match && before) ||
                                                 (behaviour == contiguous && next.is_match == before));
            before = next.is_match;
            if (joins) {
                made.back().end = next.end;
            } else if (behaviour != removed || !next.is_match) {
                made.push_back(next);
            }
        });
        return made;
    }
};

/// Runs of at most `most` \p{N} characters stand alone; what lies between is left whole
/// (`Digits` of tokenizer.json; `\p{N}`, `\p{N}{1,3}` and `\p{N}+`).
struct number_split {
    std::size_t most = 1;

    [[nodiscard]] std::size_t end(std::string_view text, std::size_t at) const {
        const std::size_t run = detail::end_of_numbers(text, at, most);
        if (run > at) return run;
        while (at < text.size()) {
            const character c = character_at(text, at);
            if (class_of(c) == character_class::number) break;
            at += c.bytes;
        }
        return at;
    }
};

/// Splits at each occurrence of a text that is not empty, which stands alone or joins a neighbour.
struct literal_split {
    enum class joins : std::uint8_t { nothing, previous, next };
    std::string literal = " ";
    joins joined_to = joins::nothing;

    [[nodiscard]] std::size_t end(std::string_view text, std::size_t at) const {
        const std::size_t found = std::min(text.find(literal, at), text.size());
        if (found > at) { // text first, then the next occurrence or the end
            return joined_to == joins::previous ? std::min(found + literal.size(), text.size()) : found;
        }
        const std::size_t after = at + literal.size();
        if (joined_to != joins::next || text.substr(after).starts_with(literal)) return after;
        return std::min(text.find(literal, after), text.size());
    }
};

} // namespace preflearn
