/// \file
/// Which of the named conversation formats a model's own chat template is: probe conversations are rendered by both and
/// compared, so that a default system text, a stripped space or an end that differs is seen. A template that is none
/// of ours is refused rather than taken for its likeness.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/chat_message.hpp>
#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/text/chat/conversation.hpp>
#include <preflearn/text/chat/formats.hpp>
#include <preflearn/text/chat/model_chat.hpp>
#include <preflearn/text/templates/render.hpp>

namespace preflearn {

/// What comparing a format with a template has shown.
struct chat_comparison {
    bool same = false;
    std::string difference{};         ///< where not: the first, in words
    std::vector<std::string> notes{}; ///< what could not be compared
    bool writes_begin = false;        ///< the template's text begins with the begin token
};

namespace detail {

using probe = std::vector<chat_message>;

/// Conversations whose texts have white space around them, with and without a system turn, of one question and of
/// two, as prompts and with their answers.
inline const std::array<probe, 8>& probe_conversations() {
    static const chat_message system{"system", " Be brief. "}, question{"user", " How far\u3000\n"},
        answer{"assistant", "\n Not far. "}, again{"user", "\tAnd back?"}, last{"assistant", "As far. \u00A0"};
    static const std::array<probe, 8> all{{{question},
                                           {question, answer},
                                           {question, answer, again},
                                           {question, answer, again, last},
                                           {system, question},
                                           {system, question, answer},
                                           {system, question, answer, again},
                                           {system, question, answer, again, last}}};
    return all;
}

/// A template's text; nothing where it refuses.
inline std::optional<std::string> rendered_or_refused(const model_chat& chat, std::span<const chat_message> turns) {
    try {
        return chat.render(turns);
    } catch (const template_refusal&) {
        return std::nullopt;
    }
}

inline std::string describe_difference(const chat_layout& layout, std::string_view ours, std::string_view theirs,
                                       const probe& turns) {
    const auto same = static_cast<std::size_t>(std::ranges::mismatch(ours, theirs).in1 - ours.begin());
    std::size_t from = same - std::min<std::size_t>(same, 20);
    while (from > 0 && (static_cast<unsigned char>(ours[from]) & 0xC0U) == 0x80) --from;
    const bool lacks_system = turns.front().role != "system" && theirs.find("system") < theirs.find("How far") &&
                              ours.find("system") > ours.find("How far");
    return message(lacks_system ? "it writes a system text where a conversation has none: " : "it writes ",
                   excerpt{theirs.substr(from)}, ", the format ", layout.name, " ", excerpt{ours.substr(from)});
}

} // namespace detail

/// Compares a format with a model's template on the probe conversations, but for the begin token. Left aside, and
/// noted, are conversations that the template refuses, those whose system text it drops, and those whose prompt it
/// writes otherwise when the answer follows. \throws input_error when the template cannot be evaluated.
template <int = on_demand> chat_comparison compare_chat(chat_format format, const model_chat& chat) {
    chat_comparison found{.same = true};
    const auto note = [&](const char* text) {
        for (const std::string& known : found.notes)
            if (known == text) return;
        found.notes.emplace_back(text);
    };
    for (const detail::probe& turns : detail::probe_conversations()) {
        const std::span<const chat_message> all(turns);
        const bool has_system = turns.front().role == "system", answered = turns.back().role == "assistant";
        const auto theirs = detail::rendered_or_refused(chat, all);
        if (!theirs) {
            require<input_error>(has_system || turns.size() > 2, chat.from().origin,
                                 ": the chat template refuses a question and its answer");
            note(has_system ? "the template refuses system turns; this format writes them"
                            : "the template refuses a second question; this format writes it");
            continue;
        }
        if (has_system && theirs->find("Be brief.") == std::string::npos) {
            note(
                "the template leaves system texts out where an answer follows, or everywhere; this format writes them");
            continue;
        }
        if (answered) {
            const auto prompt = detail::rendered_or_refused(chat, all.first(turns.size() - 1));
            if (prompt && !theirs->starts_with(*prompt)) {
                note("the template writes a prompt otherwise when its answer follows; this format does not");
                continue;
            }
        }
        const std::string ours = render_chat(format, turns);
        if (ours == *theirs) continue;
        const std::string& begin = chat.from().begin;
        const bool begins = !begin.empty() && theirs->starts_with(begin) && !ours.starts_with(begin);
        const std::string_view behind = std::string_view(*theirs).substr(begins ? begin.size() : 0);
        found.writes_begin = found.writes_begin || begins;
        if (ours == behind) continue;
        found.same = false;
        found.difference = detail::describe_difference(layout_of(format), ours, behind, turns);
        return found;
    }
    return found;
}

/// How conversations become text.
struct chosen_chat_format {
    chat_format format = chat_format::transcript;
    /// Fits preference_options::render.
    std::function<std::string(std::span<const chat_message>)> render;
    std::vector<std::string> notes{}; ///< sentences for the user
};

/// A format by name for conversations that a model reads, or "auto": the one that its template is. A named format that
/// differs from the template is noted, with the first difference.
/// \throws argument_error when there is no such format; input_error, which lists the formats, when "auto" finds no
/// template or one that is none of them.
template <int = on_demand>
chosen_chat_format choose_chat_format(std::string_view name, const std::filesystem::path& model) {
    chosen_chat_format chosen;
    const bool recognises = name == "auto";
    if (!recognises) chosen.format = chat_format_named(name);
    const auto with_begin = [&](std::string begin) {
        chosen.render = [format = chosen.format, begin = std::move(begin)](std::span<const chat_message> turns) {
            return begin + render_chat(format, turns);
        };
    };
    const auto give_one = [] { return "give a format by name: " + chat_format_names(); };
    auto source = find_chat_template(model);
    require<input_error>(source || !recognises, model.string(), ": has no chat template; ", give_one());
    with_begin("");
    if (!source) return chosen;
    std::optional<model_chat> chat;
    try {
        chat.emplace(*source);
        if (!recognises) {
            const chat_comparison found = compare_chat(chosen.format, *chat);
            if (!found.same)
                chosen.notes.push_back(message("the chat template of ", source->origin, " differs from the format ",
                                               name, ": ", found.difference));
            return chosen;
        }
    } catch (const input_error& failure) {
        if (recognises) throw input_error(message(failure.what(), "; ", give_one()));
        chosen.notes.push_back(
            message("the format ", name, " cannot be compared with the model's chat template: ", failure.what()));
        return chosen;
    }
    try {
        for (const auto& known : chat_formats) {
            const chat_comparison found = compare_chat(known.format, *chat);
            if (!found.same) continue;
            chosen.format = known.format;
            chosen.notes = found.notes;
            // spelled out, it becomes the token, also where the tokenizer's file does not ask for one
            with_begin(found.writes_begin ? source->begin : "");
            return chosen;
        }
    } catch (const input_error& failure) {
        throw input_error(message(failure.what(), "; ", give_one()));
    }
    throw input_error(message(source->origin, ": the chat template is none of the formats known here; ", give_one()));
}

/// The same for several models that read the same texts: "auto" wants one format for all.
/// \throws input_error also where their templates are different formats.
template <int = on_demand>
chosen_chat_format choose_chat_format(std::string_view name, std::span<const std::filesystem::path> models) {
    require(!models.empty(), "a conversation format is chosen for at least one model");
    if (models.size() == 1) return choose_chat_format(name, models.front());
    chosen_chat_format chosen = choose_chat_format(name, models.front());
    for (const std::filesystem::path& model : models.subspan(1)) {
        chosen_chat_format other = choose_chat_format(name, model);
        require<input_error>(other.format == chosen.format, models.front().string(), " has the conversation format ",
                             layout_of(chosen.format).name, ", ", model.string(), " ", layout_of(other.format).name,
                             "; give the one in which both are to read: ", chat_format_names());
        for (std::string& note : other.notes)
            if (std::ranges::find(chosen.notes, note) == chosen.notes.end()) chosen.notes.push_back(std::move(note));
    }
    // each model's own begin token, if any, is its tokenizer's to add
    chosen.render = [format = chosen.format](std::span<const chat_message> turns) {
        return render_chat(format, turns);
    };
    return chosen;
}

} // namespace preflearn
