/// \file
/// What goes along from a model to a student made of it: licence files and fields, the tokenizer's and the chat
/// template's files, and what its card and metadata say of name, authors and licence.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/checkpoint/mapped_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/student_folder/student_card.hpp>

namespace preflearn {

/// What a model's own files say of it.
struct origin_facts {
    bool is_gguf = false;
    /// "owner/name" where they name a repository, else a name in words, else the file's; never empty.
    std::string name{};
    /// Whether `name` is that of a repository.
    bool is_repository = false;
    /// The licence's id ("apache-2.0"), as it is written in front of a card; empty: unsaid.
    std::string license{};
    /// Lines of YAML for the front of a card: license, license_name, license_link, language.
    std::vector<std::string> front{};
    /// What else the metadata say, for people: author, organization, links.
    std::vector<std::pair<std::string, std::string>> said{};
    /// Licences and notices that lie with it.
    std::vector<std::filesystem::path> licences{};
    /// What its licence wants to stand in a file NOTICE, where none lies with it; empty: nothing.
    std::string notice{};
};

/// Whether a file of that name is a licence, a notice or terms of use that whoever passes a model on passes on.
inline bool is_licence_file(std::string_view name) {
    std::string small;
    for (const char c : name) small += c == '-' || c == ' ' ? '_' : static_cast<char>(std::tolower(c));
    const std::size_t dot = small.rfind('.');
    const std::string_view end = dot == small.npos ? std::string_view() : std::string_view(small).substr(dot + 1);
    const bool numbered = std::ranges::all_of(end, [](char c) { return c >= '0' && c <= '9'; }); // LICENSE-2.0
    if (!numbered && end != "txt" && end != "md" && end != "pdf" && end != "html") return false;
    const std::string_view stem = std::string_view(small).substr(0, numbered ? small.size() : dot);
    const auto has = [&](std::initializer_list<std::string_view> words) {
        return std::ranges::any_of(words, [&](std::string_view word) { return stem.find(word) != stem.npos; });
    };
    return has({"licen", "notice", "copying", "copyright", "use_policy", "terms_of_use", "_terms", "usage_policy"}) ||
           stem == "terms" || stem == "authors";
}

namespace detail {

inline std::vector<std::filesystem::path> licences_in(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> found;
    std::error_code failure;
    for (std::filesystem::directory_iterator entry(folder, failure), end; !failure && entry != end;
         entry.increment(failure))
        if (entry->is_regular_file(failure) && is_licence_file(entry->path().filename().string()))
            found.push_back(entry->path());
    std::ranges::sort(found);
    return found;
}

/// A text as YAML has it in quotes.
inline std::string quoted_yaml(std::string_view text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// The lines of a card's front matter (between its two "---") that belong to a key of `wanted`, as they stand.
inline std::vector<std::string> front_matter(std::string_view card, std::initializer_list<std::string_view> wanted) {
    std::vector<std::string> kept;
    bool inside = false, keeps = false;
    while (!card.empty()) {
        const std::size_t end = std::min(card.find('\n'), card.size());
        std::string_view line = card.substr(0, end);
        card.remove_prefix(std::min(end + 1, card.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line == "---") {
            if (inside) return kept;
            inside = true;
            continue;
        }
        if (!inside) return {};
        const bool goes_on = line.empty() || line.front() == ' ' || line.front() == '-' || line.front() == '#';
        if (!goes_on) {
            const std::string_view key = line.substr(0, line.find(':'));
            keeps = std::ranges::find(wanted, key) != wanted.end();
        }
        if (keeps && !line.empty()) kept.emplace_back(line);
    }
    return {}; // the second "---" is missing
}

/// The value of a line "key: value", without quotes; empty where there is none.
inline std::string front_value(const std::vector<std::string>& lines, std::string_view key) {
    for (const std::string& line : lines) {
        if (!line.starts_with(message(key, ":"))) continue;
        std::string_view value = std::string_view(line).substr(key.size() + 1);
        while (!value.empty() && (value.front() == ' ' || value.front() == '"' || value.front() == '\''))
            value.remove_prefix(1);
        while (!value.empty() && (value.back() == ' ' || value.back() == '"' || value.back() == '\''))
            value.remove_suffix(1);
        return std::string(value);
    }
    return "";
}

/// "owner/name" of "https://huggingface.co/owner/name"; empty for other addresses.
inline std::string repository_of(std::string_view address) {
    constexpr std::string_view site = "huggingface.co/";
    const std::size_t at = address.find(site);
    if (at == address.npos) return "";
    std::string_view name = address.substr(at + site.size());
    while (name.ends_with('/')) name.remove_suffix(1);
    return std::ranges::count(name, '/') == 1 ? std::string(name) : "";
}

inline void read_gguf_facts(const std::filesystem::path& model, origin_facts& facts) {
    const checkpoint_file file = read_gguf(model);
    const auto text = [&](std::string_view key) -> std::string {
        const auto& value = member_or_null(file.metadata(), "general." + std::string(key));
        return value.is_string() ? value.get<std::string>() : "";
    };
    for (const char* const key : {"repo_url", "url", "source.huggingface.repository", "source.repo_url", "source.url"})
        if (facts.name.empty()) facts.name = repository_of(text(key));
    facts.is_repository = !facts.name.empty();
    if (facts.name.empty()) facts.name = text("name");
    facts.license = text("license");
    if (!facts.license.empty()) facts.front.push_back("license: " + quoted_yaml(facts.license));
    for (const auto& [key, line] :
         {std::pair{"license.name", "license_name"}, std::pair{"license.link", "license_link"}})
        if (!text(key).empty()) facts.front.push_back(std::string(line) + ": " + quoted_yaml(text(key)));
    const auto& languages = member_or_null(file.metadata(), "general.languages");
    if (languages.is_array() && !languages.empty()) {
        facts.front.emplace_back("language:");
        for (const auto& language : languages)
            if (language.is_string()) facts.front.push_back("- " + quoted_yaml(language.get<std::string>()));
    }
    for (const char* const key :
         {"name", "author", "organization", "version", "finetune", "basename", "size_label", "quantized_by", "url",
          "repo_url", "source.url", "base_model.0.name", "base_model.0.organization", "base_model.0.repo_url",
          "license", "license.name", "license.link", "description"})
        if (!text(key).empty()) facts.said.emplace_back(key, text(key));
}

inline void read_folder_facts(const std::filesystem::path& model, origin_facts& facts) {
    std::error_code ignored;
    if (std::filesystem::exists(model / "README.md", ignored)) {
        const mapped_file card(model / "README.md");
        facts.front = front_matter(card.text(), {"license", "license_name", "license_link", "language"});
        facts.license = front_value(facts.front, "license");
    }
    const nlohmann::json config = read_json_file(model / "config.json");
    const auto& name = member_or_null(config, "_name_or_path");
    if (!name.is_string() || std::filesystem::exists(name.get<std::string>(), ignored)) return;
    const auto& text = name.get_ref<const std::string&>();
    if (std::ranges::count(text, '/') != 1 || text.front() == '/' || text.front() == '.' || text.back() == '/') return;
    facts.name = text;
    facts.is_repository = true;
}

} // namespace detail

/// Reads them. \throws input_error for a file that cannot be read.
inline origin_facts facts_of(const student_origin& origin) {
    origin_facts facts;
    std::error_code ignored;
    facts.is_gguf = !std::filesystem::is_directory(origin.model, ignored);
    if (facts.is_gguf)
        detail::read_gguf_facts(origin.model, facts);
    else
        detail::read_folder_facts(origin.model, facts);
    const std::filesystem::path place = std::filesystem::absolute(origin.model).lexically_normal();
    const std::filesystem::path folder = place.has_filename() ? place : place.parent_path();
    facts.licences = detail::licences_in(facts.is_gguf ? folder.parent_path() : folder);
    const auto is_notice = [](const std::filesystem::path& file) {
        return file.filename().string().starts_with("NOTICE") || file.filename().string().starts_with("Notice");
    };
    if (facts.license == "gemma" && std::ranges::none_of(facts.licences, is_notice)) // section 3.1 of its terms
        facts.notice =
            "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms\n";
    if (facts.name.empty()) facts.name = folder.filename().string();
    if (!origin.name.empty()) {
        facts.name = origin.name;
        facts.is_repository = std::ranges::count(facts.name, '/') == 1 && facts.name.front() != '/';
    }
    return facts;
}

/// The files of a Hugging Face folder that say how texts become tokens and conversations texts, as far as they are
/// there.
inline std::vector<std::filesystem::path> text_files_of(const std::filesystem::path& model) {
    std::vector<std::filesystem::path> found;
    std::error_code ignored;
    for (const char* const name :
         {"tokenizer.json", "vocab.json", "merges.txt", "tokenizer.model", "tokenizer_config.json",
          "special_tokens_map.json", "added_tokens.json", "chat_template.jinja", "chat_template.json"})
        if (std::filesystem::is_regular_file(model / name, ignored)) found.push_back(model / name);
    return found;
}

} // namespace preflearn
