/// \file
/// Cells of a table that say that there is nothing. Programs write NA, NaN, None, null, people "-" and "."; taken for a
/// category such a word is silently a rating that everybody agrees on.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/finite_number.hpp>

namespace preflearn {

/// The words that stand for a missing value; an empty cell always does. A number stands for its value however it is
/// written: 99 for 99.0 as well, into which programs turn a column of whole numbers with a gap.
struct missing_words {
    std::vector<std::string> words{"NA",   "N/A",  "n/a",  "na",   "#N/A", "#NA",  "<NA>", "NaN", "nan", "NAN",
                                   "-nan", "-NaN", "None", "null", "Null", "NULL", "-",    "–",   "—",   "."};

    [[nodiscard]] bool contains(std::string_view text) const {
        if (text.empty() || std::ranges::find(words, text) != words.end()) return true;
        return std::ranges::any_of(words, [&](const std::string& word) {
            const bool perhaps_number =
                !word.empty() && (word.back() == '.' || (word.back() >= '0' && word.back() <= '9'));
            const std::optional<double> number = perhaps_number ? finite_number(word) : std::nullopt;
            return number && finite_number(text) == number;
        });
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
