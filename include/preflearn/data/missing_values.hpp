/// \file
/// Cells of a table that say that there is nothing. Programs write NA, NaN, None, null, people "-" and "."; taken for a
/// category such a word is silently a rating that everybody agrees on.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace preflearn {

/// The words that stand for a missing value; an empty cell always does.
struct missing_words {
    std::vector<std::string> words{"NA",   "N/A",  "n/a",  "na",   "#N/A", "#NA",  "<NA>", "NaN", "nan", "NAN",
                                   "-nan", "-NaN", "None", "null", "Null", "NULL", "-",    "–",   "—",   "."};

    [[nodiscard]] bool contains(std::string_view text) const {
        return text.empty() || std::ranges::find(words, text) != words.end();
    }
};

/// How often each word stood for a missing value, in the order of their first appearance.
struct missing_counts {
    std::vector<std::pair<std::string, std::size_t>> words{};

    void add(std::string_view text) {
        const auto at = std::ranges::find(words, text, &std::pair<std::string, std::size_t>::first);
        if (at == words.end())
            words.emplace_back(text, 1);
        else
            ++at->second;
    }
    [[nodiscard]] std::size_t total() const {
        std::size_t sum = 0;
        for (const auto& [word, count] : words) sum += count;
        return sum;
    }
};

} // namespace preflearn
