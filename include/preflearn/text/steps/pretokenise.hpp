/// \file
/// Pre-tokenisation: the steps of tokenizer.json's `pre_tokenizer`, one after the other on a text held flat with the
/// ends of its pieces. No token crosses a piece's end.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <preflearn/text/characters/byte_alphabet.hpp>
#include <preflearn/text/steps/patterns.hpp>
#include <preflearn/text/steps/position.hpp>
#include <preflearn/text/steps/split.hpp>

namespace preflearn {

/// A text cut into pieces: piece i ends at byte ends[i] and begins where the one before ends; none is empty.
struct text_pieces {
    std::string text;
    std::vector<std::size_t> ends;

    /// One piece, or none for an empty text.
    explicit text_pieces(std::string whole) : text(std::move(whole)) {
        if (!text.empty()) ends.push_back(text.size());
    }
    text_pieces() = default;

    /// Calls `use(piece)` for each piece in order.
    template <class Use> void for_each(Use&& use) const {
        std::size_t begin = 0;
        for (const std::size_t end : ends) {
            use(std::string_view(text).substr(begin, end - begin));
            begin = end;
        }
    }
};

/// Cuts every piece by a scanner of split.hpp.
template <class Split> void split_pieces(text_pieces& pieces, const Split& split) {
    std::vector<std::size_t> ends;
    std::size_t begin = 0;
    pieces.for_each([&](std::string_view piece) {
        for (std::size_t at = 0; at < piece.size();) {
            at = split.end(piece, at);
            ends.push_back(begin + at);
        }
        begin += piece.size();
    });
    pieces.ends = std::move(ends);
}

/// Cuts every piece by an expression; what it removes is gone.
inline void split_pieces(text_pieces& pieces, const expression_split& split) {
    const bool keeps_text = split.behaviour != expression_split::behaviours::removed;
    const bool isolates = split.behaviour == expression_split::behaviours::isolated;
    text_pieces cut;
    cut.ends.reserve(pieces.text.size() / 4 + 1);
    std::size_t begin = 0;
    pieces.for_each([&](std::string_view piece) {
        if (isolates) {
            split.for_each_part(piece, [&](const auto& part) { cut.ends.push_back(begin + part.end); });
        } else {
            for (const auto& part : split.pieces(piece)) {
                if (!keeps_text) cut.text.append(piece.substr(part.begin, part.end - part.begin));
                cut.ends.push_back(keeps_text ? begin + part.end : cut.text.size());
            }
        }
        begin += piece.size();
    });
    if (keeps_text) cut.text = std::move(pieces.text);
    pieces = std::move(cut);
}

/// Writes the text in the byte alphabet, piece by piece; with `splits`, after cutting it by GPT-2's pattern.
struct byte_level_step {
    bool adds_space = false; ///< a piece that does not begin with a space gets one
    bool splits = true;
};

/// Spaces become `symbol`, and each piece may get one in front (SentencePiece's way of marking words).
struct metaspace_step {
    enum class prefix : std::uint8_t { never, first, always };
    std::string symbol = "\u2581";
    prefix prepended = prefix::always; ///< `first`: only at the very start of the text
    bool splits = true;                ///< cut before each symbol
};

using pretokenise_step = std::variant<expression_split, number_split, literal_split, byte_level_step, metaspace_step>;

/// GPT-2's pattern, compiled once.
inline const expression_split& gpt2_split() {
    static const expression_split split{expression(std::string(patterns::gpt2))};
    return split;
}

namespace detail {

inline void replace_all(std::string& text, std::string_view from, std::string_view to) {
    std::string replaced;
    std::size_t done = 0;
    for (std::size_t found; (found = text.find(from, done)) != std::string::npos; done = found + from.size()) {
        replaced.append(text, done, found - done).append(to);
    }
    if (done > 0) text = replaced.append(text, done);
}

inline void apply(text_pieces& pieces, const byte_level_step& step, text_position position) {
    if (step.adds_space) {
        text_pieces spaced;
        pieces.for_each([&](std::string_view piece) {
            const bool goes_on = position == text_position::continuation && spaced.text.empty();
            if (!piece.starts_with(' ') && !goes_on) spaced.text.push_back(' ');
            spaced.text.append(piece);
            spaced.ends.push_back(spaced.text.size());
        });
        pieces = std::move(spaced);
    }
    if (step.splits) split_pieces(pieces, gpt2_split());
    text_pieces mapped;
    mapped.text.reserve(pieces.text.size() + pieces.text.size() / 2);
    mapped.ends.reserve(pieces.ends.size());
    pieces.for_each([&](std::string_view piece) {
        append_in_byte_alphabet(mapped.text, piece);
        mapped.ends.push_back(mapped.text.size());
    });
    pieces = std::move(mapped);
}

inline void apply(text_pieces& pieces, const metaspace_step& step, text_position position) {
    text_pieces marked;
    pieces.for_each([&](std::string_view piece) {
        std::string text(piece);
        replace_all(text, " ", step.symbol);
        const text_position here = marked.text.empty() ? position : text_position::after_added;
        const bool wanted = (step.prepended == metaspace_step::prefix::always && here != text_position::continuation) ||
                            (step.prepended == metaspace_step::prefix::first && here == text_position::start);
        if (wanted && !text.starts_with(step.symbol)) marked.text.append(step.symbol);
        marked.text.append(text);
        marked.ends.push_back(marked.text.size());
    });
    pieces = std::move(marked);
    if (step.splits) split_pieces(pieces, literal_split{step.symbol, literal_split::joins::next});
}

} // namespace detail

/// Applies one step. `position`: where the text begins.
inline void pretokenise(text_pieces& pieces, const pretokenise_step& step, text_position position) {
    std::visit(
        [&]<class Step>(const Step& chosen) {
            if constexpr (std::is_same_v<Step, byte_level_step>) {
                detail::apply(pieces, chosen, position);
            } else if constexpr (std::is_same_v<Step, metaspace_step>) {
                detail::apply(pieces, chosen, position);
            } else {
                split_pieces(pieces, chosen);
            }
        },
        step);
}

} // namespace preflearn
