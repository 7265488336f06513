/// \file
/// Which pairs of a file can be used: those that models can read and that are what a loss or a score needs. The others
/// are left out and recorded, before any of them is computed with.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/data/selection/left_out.hpp>

namespace preflearn {

/// A length that nothing exceeds.
inline constexpr std::size_t unlimited_length = std::numeric_limits<std::size_t>::max();

/// A pair in a model's tokens as it is scored or learned: the prompt with its begin token, the responses with their end
/// token, where there are such.
struct pair_lengths {
    std::size_t prompt = 0, first = 0, second = 0;
    /// Where the prompt's tokens depend on the response (a joint boundary): those before the second one.
    std::optional<std::size_t> second_prompt{};
};

/// What a model reads of a pair.
struct pair_reader {
    /// What messages call the model.
    std::string name{};
    /// Of prompt and response together.
    std::size_t maximum_length = unlimited_length;
    /// Whether at least one token must stand before a response.
    bool needs_prompt = true;
    /// May throw preflearn::error; the pair's place is added.
    std::function<pair_lengths(const text_comparison&)> lengths{};
};

enum class label_need : std::uint8_t { none, verdict, decision };

/// What a pair must be to be kept.
struct fit_rules {
    /// Prompt and response together, in the tokens of every reader.
    std::size_t maximum_tokens = unlimited_length;
    /// `verdict`: any but an abstention. `decision`: one of the two is the chosen response.
    label_need label = label_need::decision;
    /// Both responses have at least one token: where a loss divides by their number.
    bool needs_tokens = false;
    /// The two responses differ: where something is learned from the difference.
    bool needs_difference = false;
};

struct fitting_pairs {
    /// In the order of the file.
    std::vector<text_comparison> kept{};
    left_out_pairs left_out{};
    /// Pairs of two identical responses that fit otherwise, kept or not.
    std::vector<text_comparison> identical{};
};

namespace detail {

/// Why a model cannot take the pair; nothing when it can. \param lengths of every reader
inline std::optional<left_out_pair> unreadable(std::span<const pair_reader> readers,
                                               std::span<const pair_lengths> lengths, const fit_rules& rules) {
    for (std::size_t r = 0; r < readers.size(); ++r) {
        if (readers[r].needs_prompt && std::min(lengths[r].prompt, lengths[r].second_prompt.value_or(1)) == 0)
            return left_out_pair{.reason = left_out_reason::empty_prompt,
                                 .message = message(readers[r].name, " needs a token before a response")};
    }
    for (const pair_lengths& found : lengths) {
        if (rules.needs_tokens && (found.first == 0 || found.second == 0))
            return left_out_pair{.reason = left_out_reason::empty_response,
                                 .message = message("the ", found.first == 0 ? "first" : "second",
                                                    " response has no token to divide by")};
    }
    for (std::size_t r = 0; r < readers.size(); ++r) {
        for (const bool second : {false, true}) {
            const std::size_t prompt =
                second ? lengths[r].second_prompt.value_or(lengths[r].prompt) : lengths[r].prompt;
            const std::size_t response = second ? lengths[r].second : lengths[r].first;
            const auto exceeds = [&](std::size_t maximum) { return prompt > maximum || response > maximum - prompt; };
            if (exceeds(rules.maximum_tokens))
                return left_out_pair{
                    .reason = left_out_reason::too_long,
                    .message = message(prompt, " + ", response, " tokens are more than ", rules.maximum_tokens)};
            if (exceeds(readers[r].maximum_length))
                return left_out_pair{.reason = left_out_reason::longer_than_model,
                                     .message = message(prompt, " + ", response, " tokens are more than the ",
                                                        readers[r].maximum_length, " of ", readers[r].name)};
        }
    }
    return std::nullopt;
}

inline std::optional<left_out_pair> without_label(const std::optional<preference>& verdict, label_need need) {
    if (need == label_need::none) return std::nullopt;
    if (!verdict || verdict->abstained())
        return left_out_pair{.reason = left_out_reason::no_label, .message = verdict ? "an abstention" : ""};
    if (need == label_need::decision && verdict->decision() == choice::tie)
        return left_out_pair{.reason = left_out_reason::tied_label};
    return std::nullopt;
}

} // namespace detail

/// Why the readers cannot take the pair; nothing when they can. \throws what a reader throws
inline std::optional<left_out_pair> unreadable(const text_comparison& pair, std::span<const pair_reader> readers,
                                               const fit_rules& rules) {
    std::vector<pair_lengths> lengths;
    lengths.reserve(readers.size());
    for (const pair_reader& reader : readers) lengths.push_back(reader.lengths(pair));
    return detail::unreadable(readers, lengths, rules);
}

/// Keeps the pairs that every reader can take and that meet the rules. The record begins with the lines that the reader
/// of the file skipped. A pair has one reason, the first of: its label, empty prompt, empty response, length, identical
/// responses. \throws input_error naming file, line and id for what a reader throws.
template <int = on_demand>
fitting_pairs fit_pairs(const preference_data& data, std::span<const pair_reader> readers,
                        const fit_rules& rules = {}) {
    fitting_pairs result;
    for (const malformed_line& line : data.skipped.lines)
        result.left_out.add({.name = {.line = line.line}, .message = data.skipped.reasons[line.reason]});
    for (const text_comparison& pair : data.comparisons()) {
        std::optional<left_out_pair> unfit = detail::without_label(data.labels().find(pair.id), rules.label);
        if (!unfit) {
            try {
                unfit = unreadable(pair, readers, rules);
            } catch (const error& failure) {
                throw input_error(message(data.names().place(pair.id), ": ", failure.what()));
            }
        }
        if (!unfit && pair.first == pair.second) {
            result.identical.push_back(pair);
            if (rules.needs_difference) unfit = left_out_pair{.reason = left_out_reason::identical_responses};
        }
        if (unfit) {
            unfit->name = data.names().find(pair.id);
            result.left_out.add(std::move(*unfit));
        } else {
            result.kept.push_back(pair);
        }
    }
    return result;
}

/// What became of a file's pairs, in lines of text: how many there are and how many are kept, what was left out and
/// where it first stands, how many pairs of identical responses are kept, where a repeated prompt was taken off.
inline std::string told(const preference_data& data, const fitting_pairs& fitting) {
    const std::size_t lines = data.size() + data.skipped.count;
    std::string text = message(data.names().file(), ": ", lines, lines == 1 ? " pair, " : " pairs, ",
                               fitting.kept.size(), " kept\n", fitting.left_out.summary());
    const std::size_t identical =
        fitting.identical.size() - fitting.left_out.count(left_out_reason::identical_responses);
    if (identical > 0)
        text += message("  kept: ", identical, " ", words_of(left_out_reason::identical_responses), " (first: line ",
                        data.names().find(fitting.identical.front().id).line, "), a tie whatever the label\n");
    if (const repeated_prompts& repeated = data.repeated(); repeated.count > 0)
        text += message("  taken off: the prompt, which stood once more in front of both responses of ", repeated.count,
                        repeated.count == 1 ? " pair" : " pairs", " (first: line ", repeated.first_line, ")\n");
    return text;
}

/// Refuses a file of which nothing is left and, where `strict`, one of which anything was left out.
/// \param kept how many pairs are left \throws input_error naming the file and the first that was left out, or all
/// reasons.
inline void check_left_out(const left_out_pairs& left_out, std::size_t kept, const std::string& file, bool strict) {
    if (strict && !left_out.empty()) {
        const left_out_pair& first = left_out.first();
        const bool malformed = first.reason == left_out_reason::malformed;
        throw input_error(message(first.name.line > 0 ? message(file_line{file, first.name.line}) : file, ": ",
                                  malformed ? "" : message("pair ", first.name.shown(), " is left out as one "),
                                  malformed ? "" : words_of(first.reason),
                                  malformed || first.message.empty() ? "" : ": ", first.message, " (", left_out.size(),
                                  " in all, which --strict refuses)"));
    }
    require<input_error>(kept > 0 || !left_out.empty(), file, ": holds no pairs");
    require<input_error>(kept > 0, file, ": no pair is left\n", left_out.summary());
}
inline void check_left_out(const fitting_pairs& fitting, const std::string& file, bool strict) {
    check_left_out(fitting.left_out, fitting.kept.size(), file, strict);
}

} // namespace preflearn
