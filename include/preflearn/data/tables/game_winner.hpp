/// \file
/// Who won, as files of games say it: by side (left, x, model_a), as a tie (tie, draw, and Chatbot Arena's ties of two
/// bad answers), or by the winner's own name. A text that can be read two ways is refused.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// The words and what they mean; `first` is the left side.
inline constexpr std::array<std::pair<std::string_view, choice>, 13> winner_words{{{"left", choice::first},
                                                                                   {"x", choice::first},
                                                                                   {"model_a", choice::first},
                                                                                   {"right", choice::second},
                                                                                   {"y", choice::second},
                                                                                   {"model_b", choice::second},
                                                                                   {"tie", choice::tie},
                                                                                   {"draw", choice::tie},
                                                                                   {"tie (bothbad)", choice::tie},
                                                                                   {"tie (both bad)", choice::tie},
                                                                                   {"both_bad", choice::tie},
                                                                                   {"bothbad", choice::tie},
                                                                                   {"both bad", choice::tie}}};

inline std::optional<choice> winner_named(std::string_view text) {
    for (const auto& [word, meaning] : winner_words)
        if (word == text) return meaning;
    return std::nullopt;
}

/// Reads the winners of a file of games.
class winner_reader {
  public:
    /// Nothing when the text is neither a word nor one of the two names.
    /// \throws input_error when it is a word and a name, and these mean different winners
    std::optional<choice> operator()(const std::string& text, std::string_view left, std::string_view right,
                                     const file_line& place) {
        const std::optional<choice> word = winner_named(text);
        const std::optional<choice> name = text == left    ? std::optional(choice::first)
                                           : text == right ? std::optional(choice::second)
                                                           : std::nullopt;
        if (word && name && *word != *name)
            throw input_error(message(place, ": the winner ", excerpt{text}, " is the name of the ",
                                      text == left ? "left" : "right", " item and a word for ", meaning(*word),
                                      "; give the items other names, or the winners by another word"));
        if (word && !name) used_.try_emplace(text, message(place));
        return word ? word : name;
    }

    /// \param items all names \throws input_error when a word that was read is also the name of an item that did not
    /// play in that game: then the file may name its winners.
    void check(const std::vector<std::string>& items) const {
        for (const std::string& item : items)
            if (const auto at = used_.find(item); at != used_.end())
                throw input_error(message(at->second, ": the winner ", excerpt{item}, " is a word for ",
                                          meaning(*winner_named(item)),
                                          ", and the name of an item elsewhere in the "
                                          "file; give the item another name, or the winners by another word"));
    }

  private:
    static std::string_view meaning(choice winner) {
        return winner == choice::first ? "the left side" : winner == choice::second ? "the right side" : "a tie";
    }
    std::unordered_map<std::string, std::string> used_;
};

} // namespace preflearn
