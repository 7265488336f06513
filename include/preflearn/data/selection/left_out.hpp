/// \file
/// What a program left out of a file of pairs, and why: kept pair by pair, told by reason with the first line of each,
/// written as JSON lines beside the program's output.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/json_id.hpp>
#include <preflearn/data/preferences/pair_names.hpp>

namespace preflearn {

enum class left_out_reason : std::uint8_t {
    malformed,           ///< the line is no pair
    no_label,            ///< or an abstention
    tied_label,          ///< where one of the two must be the chosen one
    empty_prompt,        ///< no token stands before the response
    empty_response,      ///< no token to divide by
    too_long,            ///< longer than was asked for
    longer_than_model,   ///< longer than a model's maximum
    identical_responses, ///< nothing to prefer
    duplicate,           ///< the same texts and verdict stand before it
    contradiction,       ///< the same texts stand elsewhere with another verdict
    no_scores,           ///< fewer than two responses are rated
    too_short,           ///< shorter than was asked for
    small_margin,        ///< below what was asked for, or none
    one_response,        ///< nothing to compare it with
    not_expressible,     ///< the format to be written cannot hold it
    no_part,             ///< no part of a split has room for it
    no_triple,           ///< no gold response beside a pair, nor three scores that differ
};

/// As files write it.
constexpr std::string_view name_of(left_out_reason reason) {
    constexpr std::array<std::string_view, 17> names{
        "malformed", "no_label",          "tied_label",          "empty_prompt", "empty_response",
        "too_long",  "longer_than_model", "identical_responses", "duplicate",    "contradiction",
        "no_scores", "too_short",         "small_margin",        "one_response", "not_expressible",
        "no_part",   "no_triple"};
    return names[static_cast<std::size_t>(reason)];
}

/// As people read it, after a number.
constexpr std::string_view words_of(left_out_reason reason) {
    constexpr std::array<std::string_view, 17> words{"malformed",
                                                     "without a label",
                                                     "with a tie for a label",
                                                     "with an empty prompt",
                                                     "with an empty response",
                                                     "longer than asked for",
                                                     "longer than a model's maximum",
                                                     "with two identical responses",
                                                     "that stand in the data already",
                                                     "that contradict others of the same texts",
                                                     "with fewer than two scores",
                                                     "shorter than asked for",
                                                     "with a margin below the least, or none",
                                                     "with one response only",
                                                     "that the format cannot hold",
                                                     "for which no part has room",
                                                     "that are no triples"};
    return words[static_cast<std::size_t>(reason)];
}

struct left_out_pair {
    pair_name name{}; ///< the id is empty for a malformed line
    left_out_reason reason = left_out_reason::malformed;
    std::string message{}; ///< what was found: the parser's words, lengths in tokens
    std::string file{};    ///< where pairs of several files are told together
};

/// How many were left out for one reason; malformed lines are told apart by what is wrong with them.
struct left_out_count {
    left_out_reason reason = left_out_reason::malformed;
    std::size_t count = 0;
    left_out_pair first{};
};

namespace detail {

/// A message without what differs from line to line: numbers, and quoted text that is no field's name.
inline std::string shape_of(std::string_view text) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const auto in_name = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '[' || c == ']' ||
               c == '#';
    };
    std::string shape;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_digit(text[i]) && shape.ends_with('#')) continue;
        shape += is_digit(text[i]) ? '#' : text[i];
    }
    for (std::size_t at = 0; (at = shape.find('\'', at)) != std::string::npos;) {
        const std::size_t end = shape.find('\'', at + 1);
        if (end == std::string::npos) break;
        if (!std::all_of(shape.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                         shape.begin() + static_cast<std::ptrdiff_t>(end), in_name)) {
            shape.replace(at + 1, end - at - 1, "…");
        }
        at = shape.find('\'', at + 1) + 1;
    }
    return shape;
}

/// "line 36, id 'a7', 600 + 3 tokens are more than 512", as far as it is known.
inline std::string first_of(const left_out_pair& pair) {
    std::string text;
    const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
    if (pair.name.line > 0) add(message("line ", pair.name.line));
    if (!pair.name.id.empty() && !pair.name.is_a_line) add("id " + pair.name.shown());
    if (!pair.message.empty() && pair.reason != left_out_reason::malformed) add(pair.message);
    return text;
}

inline nlohmann::ordered_json json_of(const left_out_pair& pair) {
    using namespace std::string_literals;
    nlohmann::ordered_json line{{"id"s, nullptr}, {"line"s, nullptr}, {"reason"s, name_of(pair.reason)}};
    if (!pair.name.id.empty()) line["id"] = json_id(pair.name);
    if (pair.name.line > 0) line["line"] = pair.name.line;
    if (!pair.file.empty()) line["file"] = pair.file;
    if (!pair.message.empty()) line["message"] = pair.message;
    return line;
}

} // namespace detail

/// The pairs of one file that were left out.
class left_out_pairs {
  public:
    void add(left_out_pair pair) { pairs_.push_back(std::move(pair)); }

    [[nodiscard]] std::size_t size() const { return pairs_.size(); }
    [[nodiscard]] bool empty() const { return pairs_.empty(); }
    /// In the order of adding.
    [[nodiscard]] std::span<const left_out_pair> pairs() const { return pairs_; }
    [[nodiscard]] std::size_t count(left_out_reason reason) const {
        return static_cast<std::size_t>(std::ranges::count(pairs_, reason, &left_out_pair::reason));
    }
    /// The one that stands first in the file. There must be one.
    [[nodiscard]] const left_out_pair& first() const {
        return *std::ranges::min_element(pairs_, {}, [](const left_out_pair& pair) { return pair.name.line; });
    }

    /// One entry per reason, in the order of left_out_reason; of malformed lines one per kind of fault, the commonest
    /// first.
    [[nodiscard]] std::vector<left_out_count> by_reason() const {
        std::vector<left_out_count> counts;
        std::vector<std::string> shapes;
        for (const left_out_pair& pair : pairs_) {
            const std::string shape =
                pair.reason == left_out_reason::malformed ? detail::shape_of(pair.message) : std::string();
            std::size_t i = 0;
            while (i < counts.size() && (counts[i].reason != pair.reason || shapes[i] != shape)) ++i;
            if (i == counts.size()) {
                counts.push_back({pair.reason, 0, pair});
                shapes.push_back(shape);
            }
            ++counts[i].count;
            if (pair.name.line < counts[i].first.name.line) counts[i].first = pair;
        }
        std::ranges::sort(counts, [](const left_out_count& a, const left_out_count& b) {
            return std::tuple(a.reason, b.count, a.first.name.line) < std::tuple(b.reason, a.count, b.first.name.line);
        });
        return counts;
    }

    /// Lines of text, each ended: how many were left out for each reason, with the first of each; at most `most`
    /// reasons. Empty when nothing was left out.
    [[nodiscard]] std::string summary(std::size_t most = 12) const {
        std::string text;
        std::size_t told = 0, rest = 0;
        for (const left_out_count& kind : by_reason()) {
            if (told++ >= most) {
                rest += kind.count;
                continue;
            }
            text += message("  left out: ", kind.count, " ", words_of(kind.reason));
            if (kind.reason == left_out_reason::malformed) text += ": " + kind.first.message;
            text += " (first: " + detail::first_of(kind.first) + ")\n";
        }
        if (rest > 0) text += message("  left out: ", rest, " for other reasons\n");
        return text;
    }

    /// {"too_long": {"count": 3, "first_line": 36}, …}; malformed lines are one number.
    [[nodiscard]] nlohmann::ordered_json to_json() const {
        auto json = nlohmann::ordered_json::object();
        for (const left_out_count& kind : by_reason()) {
            nlohmann::ordered_json& entry = json[std::string(name_of(kind.reason))];
            const std::size_t line = kind.first.name.line;
            const bool known = entry.contains("count");
            entry["count"] = (known ? entry["count"].get<std::size_t>() : 0) + kind.count;
            entry["first_line"] = known ? std::min(line, entry["first_line"].get<std::size_t>()) : line;
        }
        return json;
    }

  private:
    std::vector<left_out_pair> pairs_;
};

/// One JSON line each, in the order of the file: {"id", "line", "reason", "message"}.
template <int = on_demand> void write_left_out(std::ostream& out, const left_out_pairs& left_out) {
    std::vector<const left_out_pair*> order;
    for (const left_out_pair& pair : left_out.pairs()) order.push_back(&pair);
    std::ranges::sort(order, {}, [](const left_out_pair* pair) { return std::pair(pair->name.line, pair); });
    for (const left_out_pair* pair : order)
        out << detail::json_of(*pair).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

/// The same into a file, which appears whole or not at all. When nothing was left out there is none, and that of an
/// earlier run is removed. \throws input_error when it cannot be written.
template <int = on_demand> void write_left_out(const std::filesystem::path& path, const left_out_pairs& left_out) {
    if (left_out.empty()) {
        std::error_code ignored;
        if (std::filesystem::is_regular_file(path, ignored)) std::filesystem::remove(path, ignored);
        return;
    }
    write_atomically(path, [&](std::ostream& out) { write_left_out(out, left_out); });
}

/// `scores.jsonl` has its `scores.jsonl.left-out.jsonl`.
inline std::filesystem::path left_out_path(std::filesystem::path out) { return out += ".left-out.jsonl"; }

} // namespace preflearn
