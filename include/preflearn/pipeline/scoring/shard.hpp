/// \file
/// One of several parts of a list of pairs, for as many processes that share the work (one a GPU) and know nothing of
/// each other. Parts are cut between the blocks in which a whole run would compute, so that each block is computed with
/// the same neighbours, and what the parts write is, one behind the other, what the whole would have written.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <ostream>
#include <span>
#include <string_view>
#include <system_error>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// Part `index`, from 1 on, of `count`.
struct shard {
    std::size_t index = 1, count = 1;

    [[nodiscard]] bool whole() const { return count == 1; }
    /// Its elements are number begin(size) … end(size) − 1 of `size`, in blocks of `block` but the last of all. Parts
    /// differ by one block at most; one may be empty.
    [[nodiscard]] std::size_t begin(std::size_t size, std::size_t block = 1) const {
        return start_of(index - 1, size, block);
    }
    [[nodiscard]] std::size_t end(std::size_t size, std::size_t block = 1) const {
        return start_of(index, size, block);
    }
    template <class T> [[nodiscard]] std::span<T> of(std::span<T> all, std::size_t block) const {
        return all.subspan(begin(all.size(), block), end(all.size(), block) - begin(all.size(), block));
    }
    friend std::ostream& operator<<(std::ostream& out, const shard& s) { return out << s.index << '/' << s.count; }
    friend bool operator==(const shard&, const shard&) = default;

  private:
    [[nodiscard]] std::size_t start_of(std::size_t part, std::size_t size, std::size_t block) const {
        const std::size_t blocks = (size + block - 1) / block, larger = blocks % count; // the first ones have one more
        return std::min(size, block * (part * (blocks / count) + std::min(part, larger)));
    }
};

/// "2/4": the second of four. \throws argument_error for another text
inline shard shard_named(std::string_view text) {
    shard named{.index = 0, .count = 0};
    const char* const end = text.data() + text.size();
    const auto [slash, fault] = std::from_chars(text.data(), end, named.index);
    bool good = fault == std::errc{} && slash != end && *slash == '/';
    if (good) {
        const auto [rest, other_fault] = std::from_chars(slash + 1, end, named.count);
        good = other_fault == std::errc{} && rest == end && named.index >= 1 && named.index <= named.count;
    }
    require(good, "a part is named I/N, 1 <= I <= N, as 2/4; found ", excerpt{text});
    return named;
}

} // namespace preflearn
