/// \file
/// Token texts by id and ids by text. Texts lie in one array; the index is an open-addressing table of ids, which
/// needs no copies of the texts and survives copying.
// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/ragged.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>

namespace preflearn {

/// Ids 0 … size() - 1. An id may have no text (a hole in a Hugging Face vocabulary); such ids are never found.
class vocabulary {
  public:
    vocabulary() = default;
    /// `texts[id]`; where a text repeats, the lowest id is found.
    explicit vocabulary(const std::vector<std::string_view>& texts)
        : slots_(std::bit_ceil(2 * texts.size() + 2), token_id{-1}) {
        for (const std::string_view text : texts) {
            const auto id = static_cast<token_id>(texts_.push_back(text));
            if (text.empty()) continue;
            token_id& slot = slots_[slot_of(text)];
            if (slot < 0) slot = id;
        }
    }

    [[nodiscard]] std::size_t size() const { return texts_.size(); }

    /// \throws argument_error when there is no such id.
    [[nodiscard]] std::string_view text(token_id id) const {
        require(id >= 0 && static_cast<std::size_t>(id) < size(), "token ", id, " of a vocabulary of ", size());
        const auto row = texts_[static_cast<std::size_t>(id)];
        return {row.data(), row.size()};
    }

    [[nodiscard]] std::optional<token_id> find(std::string_view text) const {
        if (slots_.empty() || text.empty()) return std::nullopt;
        const token_id id = slots_[slot_of(text)];
        return id < 0 ? std::nullopt : std::optional(id);
    }

  private:
    /// The slot that holds `text`, or the free one where it would go.
    [[nodiscard]] std::size_t slot_of(std::string_view text) const {
        const std::size_t mask = slots_.size() - 1;
        std::uint64_t hash = hash_of(text);
        hash ^= hash >> 32;
        for (std::size_t slot = hash & mask;; slot = (slot + 1) & mask) {
            if (slots_[slot] < 0 || this->text(slots_[slot]) == text) return slot;
        }
    }

    ragged<char> texts_;
    std::vector<token_id> slots_;
};

} // namespace preflearn
