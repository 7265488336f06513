/// \file
/// Where the tokens of n responses lie in flat per-token arrays: back to back with offsets, or padded to one length
/// with a mask or with lengths. Everything that reads tokens goes through their runs of consecutive positions and
/// numbers them within the response, so that ragged and padded input give the same bits, and padding is neither read
/// nor copied.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <preflearn/core/column.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// A view of one layout, in one of three forms:
///   {.offsets = o}                ragged: response r is at the positions [o[r], o[r + 1]); o has n + 1 entries
///   {.length = L, .mask = m}      padded: position p of the n · L is a token of response p / L where m[p] is not 0
///   {.length = L, .lengths = l}   padded at the end: the first l[r] of its L positions are response r
/// A response may be empty. Nothing is checked until `check_rows`.
struct token_rows {
    column_view<const std::size_t> offsets{};
    std::size_t length = 0;
    column_view<const std::uint8_t> mask{};
    column_view<const std::uint32_t> lengths{};

    /// The number of responses.
    [[nodiscard]] std::size_t size() const {
        if (!offsets.empty()) return offsets.size() - 1;
        return mask.empty() ? lengths.size() : mask.size() / std::max<std::size_t>(length, 1);
    }
    /// How many entries a column of this layout has.
    [[nodiscard]] std::size_t positions() const { return offsets.empty() ? size() * length : offsets.back(); }
    /// The positions of a response, padding included.
    [[nodiscard]] std::size_t begin(std::size_t row) const { return offsets.empty() ? row * length : offsets[row]; }
    [[nodiscard]] std::size_t end(std::size_t row) const { return begin(row + 1); }

    /// The number of tokens of a response.
    [[nodiscard]] std::size_t tokens(std::size_t row) const {
        if (!offsets.empty()) return offsets[row + 1] - offsets[row];
        if (mask.empty()) return lengths[row];
        const auto bytes = mask.subspan(row * length, length);
        return length - static_cast<std::size_t>(std::ranges::count(bytes, std::uint8_t{0}));
    }

    /// Calls use(position, number, count) for every run of tokens at consecutive positions; `number` counts the tokens
    /// of the response before the run.
    template <class Use> void for_each_run(std::size_t row, Use&& use) const {
        if (mask.empty()) {
            if (const std::size_t count = tokens(row); count > 0) use(begin(row), std::size_t{0}, count);
            return;
        }
        const std::size_t last = end(row);
        for (std::size_t at = begin(row), number = 0; at < last;) {
            std::uint64_t eight = 0; // positions at once, through long padding
            if (mask[at] == 0) {
                if (last - at >= sizeof(eight)) std::memcpy(&eight, mask.data() + at, sizeof(eight));
                at += last - at >= sizeof(eight) && eight == 0 ? sizeof(eight) : 1;
                continue;
            }
            const void* const gap = std::memchr(mask.data() + at, 0, last - at);
            const std::size_t end_of_run =
                gap == nullptr ? last : static_cast<std::size_t>(static_cast<const std::uint8_t*>(gap) - mask.data());
            use(at, number, end_of_run - at);
            number += end_of_run - at;
            at = end_of_run;
        }
    }

    /// The position of the first token for which `wanted(position)` holds, and its number in the response; {end(row),
    /// tokens(row)} when there is none.
    struct place {
        std::size_t position, number;
    };
    template <class Wanted> [[nodiscard]] place find(std::size_t row, const Wanted& wanted) const {
        place found{end(row), tokens(row)};
        for_each_run(row, [&](std::size_t position, std::size_t number, std::size_t count) {
            for (std::size_t i = 0; i < count && found.position == end(row); ++i)
                if (wanted(position + i)) found = {position + i, number + i};
        });
        return found;
    }
};

/// \throws argument_error, with `name` in front, when the layout is none of the three forms or contradicts itself.
inline void check_rows(const token_rows& rows, const char* name) {
    if (!rows.offsets.empty()) {
        require(rows.mask.empty() && rows.lengths.empty() && rows.length == 0, name,
                ": rows have offsets, and a mask, lengths or a length as well; one layout was expected");
        for (std::size_t r = 1; r < rows.offsets.size(); ++r)
            require(rows.offsets[r - 1] <= rows.offsets[r], name, ": offset ", r, " is ", rows.offsets[r],
                    ", less than the one before it, ", rows.offsets[r - 1]);
        return;
    }
    require(rows.mask.empty() || rows.lengths.empty(), name,
            ": rows have a mask and lengths; one of them was expected");
    if (!rows.mask.empty())
        require(rows.length > 0 && rows.mask.size() % rows.length == 0, name, ": a mask of ", rows.mask.size(),
                " positions does not divide into rows of length ", rows.length);
    for (std::size_t r = 0; r < rows.lengths.size(); ++r)
        require(rows.lengths[r] <= rows.length, name, ": response ", r, " has ", rows.lengths[r],
                " tokens, more than the row's length ", rows.length);
}

/// `Count` sums over the tokens of one response, in double and in lanes by the token's number in the response: the
/// order of the additions, and so the bits, depend on the tokens alone. Runs are gathered in pieces that stay in the
/// first-level cache, so that both the terms and their sums become vector code.
template <std::size_t Count> class token_sums {
  public:
    /// Adds term(i), an array of `Count` numbers, for i in [0, count): the response's next tokens.
    template <class Term> void add(std::size_t count, const Term& term) {
        for (std::size_t i = 0; i < count;) {
            const std::size_t some = std::min(count - i, piece - held_);
            for (std::size_t j = 0; j < some; ++j) {
                const std::array<double, Count> values = term(i + j);
                for (std::size_t k = 0; k < Count; ++k) pieces_[k][held_ + j] = values[k];
            }
            held_ += some;
            i += some;
            if (held_ == piece) flush();
        }
    }
    /// The sums of all that was added.
    [[nodiscard]] std::array<double, Count> values() {
        flush();
        std::array<double, Count> totals;
        for (std::size_t k = 0; k < Count; ++k) {
            std::array<double, lanes>& sum = sums_[k];
            for (std::size_t half = lanes / 2; half > 0; half /= 2) {
                for (std::size_t lane = 0; lane < half; ++lane) sum[lane] += sum[lane + half];
            }
            totals[k] = sum[0];
        }
        return totals;
    }

  private:
    static constexpr std::size_t lanes = 16, piece = 256;

    void flush() {
        for (std::size_t k = 0; k < Count; ++k) {
            std::array<double, lanes> sums = sums_[k];
            const double* const values = pieces_[k].data();
            const std::size_t whole = held_ / lanes * lanes;
            for (std::size_t i = 0; i < whole; i += lanes) {
                for (std::size_t lane = 0; lane < lanes; ++lane) sums[lane] += values[i + lane];
            }
            for (std::size_t i = whole; i < held_; ++i) sums[i - whole] += values[i];
            sums_[k] = sums;
        }
        held_ = 0;
    }

    std::array<std::array<double, lanes>, Count> sums_{};
    std::array<std::array<double, piece>, Count> pieces_;
    std::size_t held_ = 0;
};

} // namespace preflearn
