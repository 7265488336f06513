/// \file
/// Which of the named conversation formats a model's own chat template is: probe conversations are rendered by both and
/// compared, so that a default system text, a stripped space or an end that differs is seen. A template that is none
/// of ours is refused rather than taken for its likeness.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/checkpoint/mapped_file.hpp>
#include <preflearn/core/chat_message.hpp>
#include <preflearn/core/error.hpp>
#include <preflearn/text/chat.hpp>
#include <preflearn/text/template_render.hpp>

namespace preflearn {

/// A chat template as a model's file carries it.
struct model_chat_template {
    std::string source;
    std::string begin, end; ///< what bos_token and eos_token are there; empty: none
    std::string origin;     ///< the file, and where in it
};

namespace detail {

/// A string, {"content": …} or nothing.
inline std::string token_text_in(const nlohmann::json& config, std::string_view key) {
    const auto& value = member_or_null(config, key);
    const auto& content = value.is_object() ? member_or_null(value, "content") : value;
    return content.is_string() ? content.get<std::string>() : "";
}

/// "chat_template": a text, or a list of {"name", "template"} of which "default" counts.
inline std::optional<std::string> template_in(const nlohmann::json& file) {
    const auto& value = member_or_null(file, "chat_template");
    if (value.is_string()) return value.get<std::string>();
    if (!value.is_array()) return std::nullopt;
    for (const auto& entry : value) {
        const auto& source = member_or_null(entry, "template");
        if (member_or_null(entry, "name") == "default" && source.is_string()) return source.get<std::string>();
    }
    return std::nullopt;
}

inline std::optional<model_chat_template> template_in_gguf(const std::filesystem::path& path) {
    const checkpoint_file file = read_gguf(path);
    const auto member = [&](const char* key) -> const nlohmann::json& { return member_or_null(file.metadata(), key); };
    const auto& source = member("tokenizer.chat_template");
    if (!source.is_string()) return std::nullopt;
    const auto token = [&](const char* key) -> std::string {
        const auto &id = member(key), &tokens = member("tokenizer.ggml.tokens");
        const bool listed = id.is_number_unsigned() && tokens.is_array() && id.get<std::size_t>() < tokens.size();
        return listed && tokens[id.get<std::size_t>()].is_string() ? tokens[id.get<std::size_t>()].get<std::string>()
                                                                   : "";
    };
    return model_chat_template{source.get<std::string>(), token("tokenizer.ggml.bos_token_id"),
                               token("tokenizer.ggml.eos_token_id"), path.string() + " (tokenizer.chat_template)"};
}

} // namespace detail

/// The template of a GGUF file, or of a Hugging Face folder (or the tokenizer.json in it): chat_template.jinja, else
/// tokenizer_config.json's chat_template, else chat_template.json's. Nothing when there is none.
/// \throws input_error when a file cannot be read.
inline std::optional<model_chat_template> find_chat_template(const std::filesystem::path& model) {
    std::error_code ignored;
    const bool is_folder = std::filesystem::is_directory(model, ignored);
    if (!is_folder && mapped_file(model).text().starts_with("GGUF")) return detail::template_in_gguf(model);
    const std::filesystem::path folder = is_folder ? model : model.parent_path();
    const auto there = [&](const char* name) { return std::filesystem::exists(folder / name, ignored); };
    const nlohmann::json config =
        there("tokenizer_config.json") ? read_json_file(folder / "tokenizer_config.json") : nlohmann::json();
    model_chat_template found{"", detail::token_text_in(config, "bos_token"),
                              detail::token_text_in(config, "eos_token"), ""};
    if (there("chat_template.jinja")) {
        found.source = mapped_file(folder / "chat_template.jinja").text();
        found.origin = (folder / "chat_template.jinja").string();
        return found;
    }
    for (const char* const name : {"tokenizer_config.json", "chat_template.json"}) {
        if (!there(name)) continue;
        if (auto source = detail::template_in(read_json_file(folder / name))) {
            found.source = std::move(*source);
            found.origin = (folder / name).string() + " (chat_template)";
            return found;
        }
    }
    return std::nullopt;
}

/// What a model's template makes of conversations. \throws input_error naming the template's place and what is not
/// understood.
class model_chat {
  public:
    explicit model_chat(model_chat_template from) : from_(std::move(from)), parsed_(parse(from_)) {}

    /// The text, with a prompt's start of the answer where the last turn is not the assistant's.
    /// \throws template_refusal when the template refuses the conversation; input_error.
    [[nodiscard]] std::string render(std::span<const chat_message> turns) const {
        template_value values{{"messages", template_value::array()},
                              {"add_generation_prompt", !turns.empty() && turns.back().role != "assistant"},
                              {"bos_token", from_.begin},
                              {"eos_token", from_.end}};
        for (const chat_message& turn : turns)
            values["messages"].push_back({{"role", std::string(turn.role)}, {"content", std::string(turn.content)}});
        try {
            return parsed_.render(values);
        } catch (const template_refusal&) {
            throw;
        } catch (const input_error& failure) {
            throw input_error(message(from_.origin, ": ", failure.what()));
        }
    }
    [[nodiscard]] const model_chat_template& from() const { return from_; }

  private:
    static chat_template parse(const model_chat_template& from) {
        try {
            return chat_template(from.source);
        } catch (const input_error& failure) {
            throw input_error(message(from.origin, ": ", failure.what()));
        }
    }

    model_chat_template from_;
    chat_template parsed_;
};

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
inline chat_comparison compare_chat(chat_format format, const model_chat& chat) {
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
inline chosen_chat_format choose_chat_format(std::string_view name, const std::filesystem::path& model) {
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

} // namespace preflearn
