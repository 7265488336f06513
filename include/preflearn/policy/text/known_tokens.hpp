/// \file
/// The ids of texts that were encoded before, by the texts themselves: what `encoded_texts` asks ahead of its tokenizer
/// and tells what it had to encode. Where it comes from and is kept is its owner's (pipeline/token_cache.hpp).
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <preflearn/core/tokens.hpp>
#include <preflearn/text/steps/position.hpp>

namespace preflearn {

/// Of one tokenizer and one way to find special tokens. Safe from several threads.
class known_tokens {
  public:
    struct text_ids {
        std::string text;
        text_position position;
        std::vector<token_id> ids;
    };

    [[nodiscard]] std::optional<std::vector<token_id>> find(std::string_view text, text_position position) const {
        const std::scoped_lock lock(guard_);
        const auto& known = by_text_[static_cast<std::size_t>(position)];
        const auto found = known.find(text);
        return found == known.end() ? std::nullopt : std::optional(found->second->ids);
    }
    /// Does nothing where the text is known.
    void add(std::string_view text, text_position position, token_span ids) {
        const std::scoped_lock lock(guard_);
        auto& known = by_text_[static_cast<std::size_t>(position)];
        if (known.contains(text)) return;
        all_.push_back({std::string(text), position, {ids.begin(), ids.end()}});
        known.emplace(all_.back().text, &all_.back());
    }
    [[nodiscard]] std::size_t size() const {
        const std::scoped_lock lock(guard_);
        return all_.size();
    }
    /// All, in the order in which they were added; not while another thread adds.
    [[nodiscard]] const std::deque<text_ids>& all() const { return all_; }

  private:
    mutable std::mutex guard_;
    std::deque<text_ids> all_; // which stay where they are
    std::array<std::unordered_map<std::string_view, const text_ids*>, 3> by_text_;
};

} // namespace preflearn
