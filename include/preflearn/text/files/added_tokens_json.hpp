/// \file
/// The added tokens of a Hugging Face folder: those of tokenizer.json, and those that tokenizer_config.json,
/// special_tokens_map.json and added_tokens.json name besides. Taken together as transformers' AutoTokenizer does; what
/// it would give another id than the file says is an error here.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/text/encode/added_tokens.hpp>
#include <preflearn/text/files/pipeline_json.hpp>

namespace preflearn {

namespace detail {

/// Tokens that a configuration names by what they are for, in the order in which new ones get their ids.
inline constexpr std::array<std::string_view, 7> named_tokens = {"bos_token", "eos_token", "unk_token", "sep_token",
                                                                 "pad_token", "cls_token", "mask_token"};

/// A token id of the file; ids may leave holes, but not be absurd against the number of entries.
inline token_id read_id(const json_reader& from, const nlohmann::json& value, std::size_t entries,
                        std::string_view token) {
    require<input_error>(
        value.is_number_integer() && value.get<std::int64_t>() >= 0 && value.get<std::uint64_t>() < 4 * entries + 65536,
        from.origin, ": the id of token '", token, "' is not a number that fits a vocabulary of ", entries);
    return value.get<token_id>();
}

/// A token with its flags. `special_unsaid`: whether it is special, and (turned round) normalised, when it is not said.
inline added_token read_added_token(const json_reader& from, const nlohmann::json& entry, bool special_unsaid,
                                    const std::string& where) {
    if (entry.is_string()) return {.text = entry.get<std::string>(), .special = special_unsaid};
    const bool special = from.flag(entry, "special", special_unsaid, where);
    return {.text = from.text(entry, "content", where),
            .special = special,
            .strips_left = from.flag(entry, "lstrip", false, where),
            .strips_right = from.flag(entry, "rstrip", false, where),
            .single_word = from.flag(entry, "single_word", false, where),
            .normalised = from.flag(entry, "normalized", !special, where)};
}

inline bool have_the_same_flags(const added_token& a, const added_token& b) {
    return a.special == b.special && a.strips_left == b.strips_left && a.strips_right == b.strips_right &&
           a.single_word == b.single_word && a.normalised == b.normalised;
}

/// Puts tokens together, each at the id that the vocabulary has for it, or the next one free.
class added_token_list {
  public:
    added_token_list(const json_reader& from, const nlohmann::json& vocabulary)
        : from_(from), words_(vocabulary), next_(static_cast<token_id>(vocabulary.size())) {}

    std::vector<added_token> tokens;

    [[nodiscard]] added_token* find(const std::string& text) {
        const auto found = places_.find(text);
        return found == places_.end() ? nullptr : &tokens[found->second];
    }
    [[nodiscard]] bool is_new(const std::string& text) { return !find(text) && words_.find(text) == words_.end(); }
    [[nodiscard]] token_id id_for(const std::string& text) {
        if (const added_token* const known = find(text)) return known->id;
        const auto listed = words_.find(text);
        return listed == words_.end() ? next_ : read_id(from_, *listed, words_.size(), text);
    }
    void add_with_id(added_token token) {
        places_.emplace(token.text, tokens.size()); // where texts repeat, the first counts
        next_ = std::max(next_, token.id + 1);
        tokens.push_back(std::move(token));
    }
    void add(added_token token) {
        if (token.text.empty() || find(token.text) != nullptr) return;
        token.id = id_for(token.text);
        add_with_id(std::move(token));
    }

  private:
    const json_reader& from_;
    const nlohmann::json& words_;
    std::unordered_map<std::string, std::size_t> places_;
    token_id next_; ///< the first id after those that are taken
};

/// Those of tokenizer.json itself.
inline void read_own_added(const json_reader& from, const nlohmann::json& file, added_token_list& made) {
    const auto& list = member_or_null(file, "added_tokens");
    if (list.is_null()) return;
    require<input_error>(list.is_array(), from.origin, ": added_tokens: a list was expected");
    const std::size_t entries = list.size() + member_or_null(member_or_null(file, "model"), "vocab").size();
    for (const auto& entry : list) {
        const std::string where = message("added_tokens[", made.tokens.size(), "]");
        added_token token = read_added_token(from, entry, false, where);
        token.normalised = from.flag(entry, "normalized", false, where);
        token.id = read_id(from, member_or_null(entry, "id"), entries, token.text);
        made.add_with_id(std::move(token));
    }
}

/// `added_tokens_decoder` of a configuration: {"id": token}. Its flags count against those of tokenizer.json.
inline void read_decoder_added(const json_reader& from, const nlohmann::json& decoder, added_token_list& made,
                               std::vector<std::string>& notes) {
    if (decoder.is_null()) return;
    require<input_error>(decoder.is_object(), from.origin, ": added_tokens_decoder: an object was expected");
    std::map<token_id, added_token> by_id;
    for (const auto& [key, entry] : decoder.items()) {
        token_id id = -1;
        const auto [end, failed] = std::from_chars(key.data(), key.data() + key.size(), id);
        require<input_error>(failed == std::errc() && end == key.data() + key.size() && id >= 0, from.origin,
                             ": added_tokens_decoder: the key '", key, "' is not the id of a token");
        by_id[id] = read_added_token(from, entry, false, "added_tokens_decoder." + key);
    }
    for (auto& [id, token] : by_id) {
        require<input_error>(made.id_for(token.text) == id, from.origin, ": added_tokens_decoder gives '", token.text,
                             "' the id ", id, ", where tokenizer.json has or leaves ", made.id_for(token.text));
        added_token* const known = made.find(token.text);
        if (known == nullptr) {
            made.add(std::move(token));
        } else if (token.special = token.special || known->special; !have_the_same_flags(token, *known)) {
            notes.push_back(message(from.origin, ": the flags of the added token '", token.text,
                                    "' differ from those in tokenizer.json and were taken instead"));
            token.id = id;
            *known = std::move(token);
        }
    }
}

/// Tokens that the configuration names without an id: bos_token and its like, other …_token members, and lists.
inline void read_named_added(const json_reader& from, const nlohmann::json& config, added_token_list& made) {
    const auto add = [&](const nlohmann::json& value, const std::string& where) {
        if (!value.is_null()) {
            added_token token = read_added_token(from, value, true, where);
            token.special = true;
            made.add(std::move(token));
        }
    };
    const auto is_token = [](const nlohmann::json& value) { return value.is_string() || value.is_object(); };
    std::size_t unordered = 0; // an object's members come in no order, so only one of them may need a new id
    const auto add_member = [&](const std::string& name, const nlohmann::json& value) {
        const std::string text = read_added_token(from, value, true, name).text;
        require<input_error>(!made.is_new(text) || ++unordered < 2, from.origin, ": '", text,
                             "' and another token, named by members of an object, are in no vocabulary, so that their ",
                             "ids are not known; list them in added_tokens_decoder");
        add(value, name);
    };
    for (const std::string_view name : named_tokens) {
        const auto& value = member_or_null(config, name);
        const bool ends_text = name == "bos_token" || name == "eos_token"; // a new one is refused where it is used
        if (!value.is_null() &&
            (!ends_text || !made.is_new(read_added_token(from, value, true, std::string(name)).text)))
            add(value, std::string(name));
    }
    for (const auto& [key, value] : config.items()) {
        const bool named = std::find(named_tokens.begin(), named_tokens.end(), key) != named_tokens.end();
        if (key.ends_with("_token") && !named && is_token(value) && (value.is_string() || value.contains("content")))
            add_member(key, value);
    }
    const bool has_extra = !member_or_null(config, "extra_special_tokens").empty();
    const std::string lists = has_extra ? "extra_special_tokens" : "additional_special_tokens";
    const auto& extra = member_or_null(config, lists);
    if (extra.is_object()) {
        for (const auto& [key, value] : extra.items()) add_member(lists + "." + key, value);
    } else if (!extra.is_null()) {
        for (const auto& value : from.list(config, lists, "the file")) {
            require<input_error>(is_token(value), from.origin, ": ", lists, ": a token was expected");
            add(value, lists);
        }
    }
}

} // namespace detail

/// All added tokens of a folder; `config` (tokenizer_config.json, see `with_older_files`) may be null. Sentences for
/// the user are appended to `notes`. \throws input_error naming what is malformed or contradicts another file.
inline std::vector<added_token> read_added_tokens(const json_reader& from, const nlohmann::json& file,
                                                  const json_reader& from_config, const nlohmann::json& config,
                                                  std::vector<std::string>& notes) {
    const auto& words = member_or_null(member_or_null(file, "model"), "vocab");
    nlohmann::json ids = nlohmann::json::object(); // of a Unigram vocabulary, which is a list of texts and scores
    if (words.is_array()) {
        for (const auto& entry : words)
            if (entry.is_array() && !entry.empty() && entry[0].is_string())
                ids[entry[0].get<std::string>()] = ids.size();
    }
    detail::added_token_list made(from, words.is_object() ? words : ids);
    detail::read_own_added(from, file, made);
    if (config.is_object()) {
        detail::read_decoder_added(from_config, member_or_null(config, "added_tokens_decoder"), made, notes);
        detail::read_named_added(from_config, config, made);
    }
    return std::move(made.tokens);
}

/// A tokenizer_config.json that has no `added_tokens_decoder` is older than special_tokens_map.json and
/// added_tokens.json beside it (each may be null): what they say is taken in. `file`: tokenizer.json, whose own added
/// tokens count against added_tokens.json.
inline nlohmann::json with_older_files(nlohmann::json config, const nlohmann::json& special_tokens_map,
                                       const nlohmann::json& added_tokens, const nlohmann::json& file) {
    if (config.is_object() && config.contains("added_tokens_decoder")) return config;
    if (config.is_null() && (special_tokens_map.is_object() || added_tokens.is_object()))
        config = nlohmann::json::object();
    if (!config.is_object()) return config;
    if (special_tokens_map.is_object()) {
        for (const auto& [key, value] : special_tokens_map.items()) config[key] = value;
    }
    if (!added_tokens.is_object()) return config;
    std::vector<std::string> special;
    const auto note = [&](const nlohmann::json& value) {
        if (value.is_string()) special.push_back(value.get<std::string>());
        if (const auto& text = member_or_null(value, "content"); text.is_string()) special.push_back(text);
    };
    for (const std::string_view name : detail::named_tokens) note(member_or_null(config, name));
    for (const char* const list : {"extra_special_tokens", "additional_special_tokens"})
        for (const auto& value : member_or_null(config, list)) note(value);
    nlohmann::json decoder = nlohmann::json::object();
    for (const auto& [text, id] : added_tokens.items()) {
        const auto& own = member_or_null(file, "added_tokens");
        const bool known = std::any_of(own.begin(), own.end(), [&, &content = text](const auto& token) {
            return member_or_null(token, "content") == content;
        });
        const bool is_special = std::find(special.begin(), special.end(), text) != special.end();
        if (!known) decoder[id.dump()] = {{"content", text}, {"special", is_special}, {"normalized", !is_special}};
    }
    config["added_tokens_decoder"] = std::move(decoder);
    return config;
}

} // namespace preflearn
