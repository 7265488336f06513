/// \file
/// The chat template that a model's file carries, and what it makes of conversations.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/checkpoint/mapped_file.hpp>
#include <preflearn/core/chat_message.hpp>
#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/text/templates/render.hpp>

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
template <int = on_demand> std::optional<model_chat_template> find_chat_template(const std::filesystem::path& model) {
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
        using namespace std::string_literals;
        template_value values{{"messages"s, template_value::array()},
                              {"add_generation_prompt"s, !turns.empty() && turns.back().role != "assistant"},
                              {"bos_token"s, from_.begin},
                              {"eos_token"s, from_.end}};
        for (const chat_message& turn : turns)
            values["messages"].push_back({{"role"s, std::string(turn.role)}, {"content"s, std::string(turn.content)}});
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

} // namespace preflearn
