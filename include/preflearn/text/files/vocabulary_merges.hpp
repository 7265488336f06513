/// \file
/// The older form of a byte-level tokenizer: vocab.json (ids by token) and merges.txt (a pair of tokens a line, best
/// first), as GPT-2, OPT and Qwen2 were published. How texts are cut is not in these files; it follows from the class
/// that tokenizer_config.json names, or from the model that config.json does. The result is what tokenizer.json holds.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/checkpoint/mapped_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/text/steps/patterns.hpp>

namespace preflearn {

namespace detail {

/// What a tokenizer class of transformers computes beside vocabulary and merges.
struct byte_level_class {
    std::string_view name;         ///< without transformers' ending "Fast"
    std::string_view models;       ///< `model_type`s that use it, with spaces around each
    bool composes = false;         ///< texts are brought to NFC
    std::string_view expression{}; ///< cuts texts; empty: GPT-2's
};
inline constexpr std::array byte_level_classes{
    byte_level_class{.name = "GPT2Tokenizer", .models = " gpt2 opt "},
    byte_level_class{.name = "GPTNeoXTokenizer", .models = " gpt_neox ", .composes = true},
    byte_level_class{
        .name = "Qwen2Tokenizer", .models = " qwen2 qwen3 ", .composes = true, .expression = patterns::qwen2},
};

/// \throws input_error when neither file says which class it is, or it is none of these.
inline const byte_level_class& byte_level_class_of(const std::filesystem::path& folder, const nlohmann::json& config) {
    const auto text_of = [](const nlohmann::json& object, const char* key) {
        const nlohmann::json& value = member_or_null(object, key);
        return value.is_string() ? value.get<std::string>() : std::string();
    };
    std::string name = text_of(config, "tokenizer_class"), known;
    if (name.ends_with("Fast")) name.resize(name.size() - 4);
    std::error_code ignored;
    const bool has_model = name.empty() && std::filesystem::exists(folder / "config.json", ignored);
    const std::string model = has_model ? text_of(read_json_file(folder / "config.json"), "model_type") : "";
    for (const byte_level_class& each : byte_level_classes) {
        if (name == each.name || (!model.empty() && each.models.find(' ' + model + ' ') != std::string_view::npos))
            return each;
        known += message(known.empty() ? "" : ", ", each.name);
    }
    throw input_error(message(folder.string(), ": vocab.json and merges.txt are of the tokenizer class \"", name,
                              "\" (tokenizer_config.json) and the model \"", model, "\" (config.json); of such files ",
                              known, " are read. A tokenizer.json would be read in their place"));
}

/// The pairs of merges.txt, whose first line may say a version.
inline nlohmann::json read_merges(const std::filesystem::path& path) {
    const mapped_file file(path);
    nlohmann::json merges = nlohmann::json::array();
    std::string_view rest = file.text();
    for (std::size_t number = 1; !rest.empty(); ++number) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || line.starts_with("#version")) continue;
        const std::size_t cut = line.find(' ');
        require<input_error>(cut != std::string_view::npos && cut != 0 && cut + 1 != line.size() &&
                                 line.find(' ', cut + 1) == std::string_view::npos,
                             path.string(), ": line ", number,
                             ": two tokens with a space between were expected, found ", excerpt{line});
        merges.push_back({line.substr(0, cut), line.substr(cut + 1)});
    }
    return merges;
}

} // namespace detail

inline bool has_vocabulary_and_merges(const std::filesystem::path& folder) {
    std::error_code ignored;
    return std::filesystem::exists(folder / "vocab.json", ignored) &&
           std::filesystem::exists(folder / "merges.txt", ignored);
}

/// The JSON of tokenizer.json that the two files of a folder stand for. `config`, tokenizer_config.json with the older
/// files taken in (see `with_older_files`), may be null, and receives the begin, end and unknown token that their class
/// has where a configuration says nothing.
/// \throws input_error naming the file, and what is malformed or not known.
inline nlohmann::json tokenizer_json_of_merges(const std::filesystem::path& folder, nlohmann::json& config) {
    using namespace std::string_literals;
    const detail::byte_level_class& kind = detail::byte_level_class_of(folder, config);
    const nlohmann::json words = read_json_file(folder / "vocab.json");
    require<input_error>(words.is_object(), (folder / "vocab.json").string(), ": an object of ids was expected, found ",
                         words.type_name());
    if (config.is_null()) config = nlohmann::json::object();
    for (const char* const name : {"bos_token", "eos_token", "unk_token"})
        if (!config.contains(name) && words.contains("<|endoftext|>")) config[name] = "<|endoftext|>";
    const nlohmann::json& prefix = member_or_null(config, "add_prefix_space");
    nlohmann::json cut = {
        {"type"s, "ByteLevel"s}, {"add_prefix_space"s, false}, {"use_regex"s, kind.expression.empty()}};
    if (!prefix.is_null()) cut["add_prefix_space"] = prefix;
    if (!kind.expression.empty())
        cut = {{"type"s, "Sequence"s},
               {"pretokenizers"s,
                {{{"type"s, "Split"s}, {"pattern"s, {{"Regex"s, kind.expression}}}, {"behavior"s, "Isolated"s}}, cut}}};
    nlohmann::json made = {{"model"s, {{"type"s, "BPE"s}, {"vocab"s, words}}},
                           {"pre_tokenizer"s, cut},
                           {"decoder"s, {{"type"s, "ByteLevel"s}}}};
    made["model"]["merges"] = detail::read_merges(folder / "merges.txt");
    if (kind.composes) made["normalizer"] = {{"type"s, "NFC"s}};
    return made;
}

} // namespace preflearn
