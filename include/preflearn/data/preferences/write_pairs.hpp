/// \file
/// Writes labelled pairs as JSON lines that preference_reader and TRL read back; gzipped when the name ends in ".gz".
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <ostream>
#include <ranges>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/text_writer.hpp>
#include <preflearn/data/preferences/json_id.hpp>
#include <preflearn/data/preferences/pair_names.hpp>

namespace preflearn {

enum class pair_format : std::uint8_t {
    /// {"id", "prompt", "chosen", "rejected"}, TRL's explicit prompt format: the likelier response is the chosen one.
    /// A verdict that is not certain adds the numbers "label", P(chosen ≻ rejected), and "label_tie", P(tie), which TRL
    /// ignores. Where neither response is likelier and where the teacher abstains nothing is chosen: left out.
    chosen_rejected,
    /// {"id", "prompt", "responses": [first, second], "label"}: every verdict as it is, ties ("label_tie"), abstentions
    /// ("label": "abstain") and missing labels (no field) included. TRL does not read it.
    responses,
};

/// What was written, and what pair_format::chosen_rejected left out.
struct written_pairs {
    std::size_t written = 0, ties = 0, abstentions = 0;
};

namespace detail {

/// Adds the verdict in the form that label_in reads.
inline void add_label(nlohmann::ordered_json& line, const preference& verdict) {
    using namespace std::string_literals;
    line["label"] = verdict.first();
    if (verdict.tie() > 0) line["label_tie"] = verdict.tie();
    if (verdict.abstained()) line["label"] = "abstain"s;
}

/// The pair as a line, or nothing when the format leaves it out.
template <class C>
std::optional<std::string> pair_line(const C& c, std::optional<preference> verdict, pair_format format,
                                     const pair_names& names, written_pairs& counts) {
    using namespace std::string_literals;
    const pair_name name = names.find(static_cast<std::uint64_t>(c.id));
    if (verdict && verdict->margin()) {
        require(std::isfinite(*verdict->margin()), "the margin of pair ", name.shown(), " is ", *verdict->margin(),
                ", which JSON cannot say");
    }
    nlohmann::ordered_json line{{"id"s, json_id(name)}, {"prompt"s, std::string_view(c.prompt)}};
    const std::string_view first(c.first), second(c.second);
    if (format == pair_format::responses) {
        line["responses"] = {first, second};
        if (verdict) add_label(line, *verdict);
    } else {
        const choice chosen = verdict->decision();
        counts.ties += chosen == choice::tie;
        counts.abstentions += chosen == choice::abstained;
        if (chosen != choice::first && chosen != choice::second) return std::nullopt;
        line["chosen"] = chosen == choice::first ? first : second;
        line["rejected"] = chosen == choice::first ? second : first;
        if (chosen == choice::second) verdict = verdict->mirrored();
        if (verdict->first() != 1) add_label(line, *verdict);
    }
    if (verdict && verdict->margin()) line["margin"] = *verdict->margin();
    ++counts.written;
    try {
        return line.dump() + '\n';
    } catch (const nlohmann::json::exception&) {
        throw argument_error(
            message("a text of pair ", name.shown(), " is not valid UTF-8 and cannot be written as JSON"));
    }
}

template <class C, class Emit>
written_pairs write_lines(std::span<const C> comparisons, const label_set& labels, pair_format format,
                          const pair_names& names, Emit&& emit) {
    written_pairs counts;
    for (const C& c : comparisons) {
        const auto id = static_cast<std::uint64_t>(c.id);
        const auto verdict = format == pair_format::responses ? labels.find(id) : std::optional(labels.at(id));
        if (const auto line = pair_line(c, verdict, format, names, counts)) emit(*line);
    }
    return counts;
}

template <class C> consteval void check_text_comparison() {
    check_comparison<C>();
    static_assert(std::convertible_to<const prompt_of<C>&, std::string_view> &&
                      std::convertible_to<const response_of<C>&, std::string_view>,
                  "pairs are written as text: prompt and responses must convert to std::string_view");
}

} // namespace detail

/// Writes one line for each comparison, in their order, with its verdict and (where it carries one) its margin, chosen
/// minus rejected or first minus second. \param names what the pairs' file calls them (preference_data::names()), so
/// that ids are written as they were read; the default writes the numbers that they are inside. Numbers are written so
/// that the same doubles are read back. Mind that the prompts of HH transcripts end in "\n\nAssistant:" and the
/// responses begin with a space, as in the source. \throws argument_error naming the pair when a text is not UTF-8, a
/// margin is infinite, or a comparison has no label and the format is chosen_rejected.
template <std::ranges::contiguous_range Comparisons>
written_pairs write_labelled_pairs(std::ostream& out, const Comparisons& comparisons, const label_set& labels,
                                   pair_format format = pair_format::chosen_rejected,
                                   const pair_names& names = pair_names()) {
    detail::check_text_comparison<std::ranges::range_value_t<Comparisons>>();
    return detail::write_lines(view_of(comparisons), labels, format, names,
                               [&](std::string_view line) { out << line; });
}

/// The same into a file, which appears whole or not at all. \throws input_error also when it cannot be written.
template <std::ranges::contiguous_range Comparisons>
written_pairs write_labelled_pairs(const std::filesystem::path& path, const Comparisons& comparisons,
                                   const label_set& labels, pair_format format = pair_format::chosen_rejected,
                                   const pair_names& names = pair_names()) {
    detail::check_text_comparison<std::ranges::range_value_t<Comparisons>>();
    written_pairs counts;
    write_atomically(path, [&](std::ostream& out) {
        text_writer text(out, path);
        counts = detail::write_lines(view_of(comparisons), labels, format, names,
                                     [&](std::string_view line) { text.write(line); });
        text.finish();
    });
    return counts;
}

} // namespace preflearn
