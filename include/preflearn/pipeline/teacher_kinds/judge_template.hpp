/// \file
/// What a prompted judge is asked: a text with places in braces, which a file may bring.
///   {prompt}            the prompt, and
///   {first}, {second}   the two responses, of which the judge names A (first) or B (second); or
///   {response}          one response, which it rates from 1 to 10
///   {reason}            where it writes its reason before it answers, once; what stands behind it leads to the answer
/// The answer begins where the text ends. A name in braces that is none of these is refused; {{name}} is written as
/// {name}. Other braces are text.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

enum class judge_form : std::uint8_t {
    pairwise, ///< which of two, by the probabilities of the answers A and B
    score,    ///< one response, by the expected value of the answers 1 to 10
};

enum class judge_slot : std::uint8_t { text, prompt, first, second, response, reason };

/// A stretch of a template: its own text, or a place.
struct judge_part {
    judge_slot slot = judge_slot::text;
    std::string text{};
};

struct judge_template {
    judge_form form = judge_form::pairwise;
    std::vector<judge_part> parts{};

    [[nodiscard]] bool has(judge_slot slot) const {
        return std::ranges::find(parts, slot, &judge_part::slot) != parts.end();
    }
};

/// Asked where nobody brings a template. Those that end in a reason are for `{reason}`.
inline constexpr std::string_view pairwise_judge_template =
    "Below are a conversation and two responses, A and B, that could continue it. Which response is better: more "
    "helpful, more honest and less harmful? The order in which they stand says nothing, and a longer response is not "
    "better for its length.\n\n"
    "[Conversation]\n{prompt}\n\n[Response A]\n{first}\n\n[Response B]\n{second}\n\n";
inline constexpr std::string_view score_judge_template =
    "Below are a conversation and a response that could continue it. Rate the response from 1 to 10: 1 is useless or "
    "harmful, 10 is as helpful, honest and harmless as a response can be.\n\n"
    "[Conversation]\n{prompt}\n\n[Response]\n{response}\n\n";

/// The template that the library brings. \param reasons whether a reason comes before the answer
inline std::string default_judge_template(judge_form form, bool reasons) {
    const bool pairwise = form == judge_form::pairwise;
    std::string text(pairwise ? pairwise_judge_template : score_judge_template);
    if (reasons)
        text += pairwise ? "Say in a few sentences what is good and bad about each, then which is better.\n\nReason:"
                         : "Say in a few sentences what is good and bad about it, then the rating.\n\nReason:";
    if (reasons) text += "{reason}\n\n";
    if (!reasons) text += pairwise ? "Answer with A or B alone.\n\n" : "Answer with a number from 1 to 10 alone.\n\n";
    return text + (pairwise ? "Better response:" : "Rating:");
}

namespace detail {

inline constexpr std::array<std::pair<std::string_view, judge_slot>, 5> judge_slots{{{"prompt", judge_slot::prompt},
                                                                                     {"first", judge_slot::first},
                                                                                     {"second", judge_slot::second},
                                                                                     {"response", judge_slot::response},
                                                                                     {"reason", judge_slot::reason}}};

/// The name in braces that begins at `at`, which holds '{'; nothing where there is none.
inline std::optional<std::string_view> name_in_braces(std::string_view text, std::size_t at) {
    std::size_t end = at + 1;
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    while (end < text.size() && letter(text[end])) ++end;
    if (end == at + 1 || end == text.size() || text[end] != '}') return std::nullopt;
    return text.substr(at + 1, end - at - 1);
}

inline void check_judge_slots(const judge_template& made, std::string_view place) {
    const auto count = [&](judge_slot slot) { return std::ranges::count(made.parts, slot, &judge_part::slot); };
    const bool one = made.has(judge_slot::response), first = made.has(judge_slot::first),
               second = made.has(judge_slot::second);
    const auto need = [&](judge_slot slot, std::string_view name) {
        require<input_error>(made.has(slot), place, ": the template of a judge has no {", name, "}; ",
                             "{prompt} and {first} and {second} are those of one that compares, {prompt} and "
                             "{response} of one that rates");
    };
    require<input_error>(!one || (!first && !second), place,
                         ": the template has {response}, of a judge that rates one, and {first} or {second}, of one "
                         "that compares two");
    need(judge_slot::prompt, "prompt");
    if (!one) need(judge_slot::first, "first");
    if (!one) need(judge_slot::second, "second");
    require<input_error>(count(judge_slot::reason) <= 1, place, ": the template has {reason} ",
                         count(judge_slot::reason), " times, once was expected");
}

} // namespace detail

/// \param place what messages call the template
/// \throws input_error for a place that is missing, comes too often or is unknown.
inline judge_template parse_judge_template(std::string_view text, std::string_view place) {
    judge_template made;
    const auto own = [&](std::string_view more) {
        if (made.parts.empty() || made.parts.back().slot != judge_slot::text) made.parts.emplace_back();
        made.parts.back().text += more;
    };
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t brace = text.find('{', at);
        own(text.substr(at, brace - at));
        if (brace == std::string_view::npos) break;
        at = brace + 1;
        if (text.substr(brace).starts_with("{{")) {
            const auto name = detail::name_in_braces(text, brace + 1);
            if (name && text.substr(brace + name->size() + 3).starts_with('}')) {
                own("{" + std::string(*name) + "}");
                at = brace + name->size() + 4;
                continue;
            }
        }
        const auto name = detail::name_in_braces(text, brace);
        if (!name) {
            own("{");
            continue;
        }
        const auto slot =
            std::ranges::find(detail::judge_slots, *name, &std::pair<std::string_view, judge_slot>::first);
        require<input_error>(slot != detail::judge_slots.end(), place, ": {", *name, "} is no place of a template; ",
                             "there are {prompt}, {first}, {second}, {response}, {reason}, and {{", *name,
                             "}} is written as {", *name, "}");
        made.parts.push_back({slot->second, ""});
        at = brace + name->size() + 2;
    }
    std::erase_if(made.parts, [](const judge_part& p) { return p.slot == judge_slot::text && p.text.empty(); });
    detail::check_judge_slots(made, place);
    made.form = made.has(judge_slot::response) ? judge_form::score : judge_form::pairwise;
    return made;
}

} // namespace preflearn
