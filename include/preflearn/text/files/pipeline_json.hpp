/// \file
/// The `normalizer`, `pre_tokenizer` and `decoder` of a tokenizer.json as steps of this library. A kind or a regular
/// expression that is not known here is an error that names it: guessing would give other ids without a word.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/text/steps/named_pretokenisers.hpp>
#include <preflearn/text/steps/normalise.hpp>
#include <preflearn/text/steps/pretokenise.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

/// Reads members of one JSON file; `origin` is named in errors.
struct json_reader {
    std::string origin;

    [[nodiscard]] std::string text(const nlohmann::json& object, std::string_view key, const std::string& where) const {
        const auto& found = member_or_null(object, key);
        require<input_error>(found.is_string(), origin, ": ", where, ".", key, ": a string was expected");
        return found.get<std::string>();
    }
    [[nodiscard]] bool flag(const nlohmann::json& object, std::string_view key, bool otherwise,
                            const std::string& where) const {
        const auto& found = member_or_null(object, key);
        if (found.is_null()) return otherwise;
        require<input_error>(found.is_boolean(), origin, ": ", where, ".", key, ": true or false was expected");
        return found.get<bool>();
    }
    [[nodiscard]] const nlohmann::json& list(const nlohmann::json& object, std::string_view key,
                                             const std::string& where) const {
        const auto& found = member_or_null(object, key);
        require<input_error>(found.is_array(), origin, ": ", where, ".", key, ": a list was expected");
        return found;
    }
    /// The `String` or `Regex` of a {"pattern": {…}}; never empty.
    struct pattern {
        std::string text;
        bool is_regex = false;
    };
    [[nodiscard]] pattern pattern_of(const nlohmann::json& object, const std::string& where) const {
        const auto& found = member_or_null(object, "pattern");
        const bool is_regex = !member_or_null(found, "Regex").is_null();
        pattern made{text(found, is_regex ? "Regex" : "String", where + ".pattern"), is_regex};
        require<input_error>(!made.text.empty(), origin, ": ", where, ".pattern is empty");
        return made;
    }
    /// The parts of a Sequence, which may hold further ones only a few levels deep.
    [[nodiscard]] const nlohmann::json& parts(const nlohmann::json& sequence, std::string_view key,
                                              const std::string& where) const {
        require<input_error>(std::ranges::count(where, '.') < 8, origin, ": ", where,
                             ": sequences are nested too deep");
        return list(sequence, key, where);
    }
    [[noreturn]] void unknown(const std::string& where, std::string_view what, std::string_view known) const {
        throw input_error(message(origin, ": ", where, " is '", what, "', which is not known; ", known));
    }
};

namespace detail {

/// An expression; one that is not understood is refused with the place in the file.
inline expression read_expression(const json_reader& from, const std::string& pattern, const std::string& where) {
    try {
        return expression(pattern);
    } catch (const argument_error& failure) {
        throw input_error(message(from.origin, ": ", where, ": ", failure.what()));
    }
}

} // namespace detail

/// Appends the steps of a `normalizer` (null: none).
inline void read_normalisers(const json_reader& from, const nlohmann::json& value, std::vector<normalise_step>& steps,
                             const std::string& where = "normalizer") {
    if (value.is_null()) return;
    const std::string kind = from.text(value, "type", where);
    if (kind == "Sequence") {
        for (const auto& part : from.parts(value, "normalizers", where)) {
            read_normalisers(from, part, steps, where + ".normalizers");
        }
    } else if (kind == "Prepend") {
        steps.push_back(prepend_step{from.text(value, "prepend", where)});
    } else if (kind == "Replace") {
        const auto pattern = from.pattern_of(value, where);
        const std::string to = from.text(value, "content", where);
        if (pattern.is_regex) {
            auto read = detail::read_expression(from, pattern.text, where + ".pattern");
            require<input_error>(!read.match("", 0), from.origin, ": ", where, ".pattern ", excerpt{pattern.text},
                                 " matches nothing at all; one character or more was expected");
            steps.push_back(replace_matches_step{std::move(read), to});
        } else {
            steps.push_back(replace_step{pattern.text, to});
        }
    } else if (kind == "Strip") {
        steps.push_back(strip_step{.left = from.flag(value, "strip_left", true, where),
                                   .right = from.flag(value, "strip_right", true, where)});
    } else if (kind == "NFC" || kind == "NFD" || kind == "NFKC" || kind == "NFKD") {
        steps.push_back(unicode_form_step{.composed = kind.back() == 'C', .compatibility = kind.size() == 4});
    } else if (kind == "Lowercase") {
        steps.push_back(lowercase_step{});
    } else {
        from.unknown(where + ".type", kind,
                     "Sequence, Prepend, Replace, Strip, NFC, NFD, NFKC, NFKD and Lowercase are");
    }
}

namespace detail {

inline expression_split::behaviours read_behaviour(const json_reader& from, const nlohmann::json& value,
                                                   const std::string& where) {
    using enum expression_split::behaviours;
    const std::string behaviour = from.text(value, "behavior", where);
    if (behaviour == "Isolated") return isolated;
    if (behaviour == "Removed") return removed;
    if (behaviour == "MergedWithPrevious") return joins_previous;
    if (behaviour == "MergedWithNext") return joins_next;
    if (behaviour == "Contiguous") return contiguous;
    from.unknown(where + ".behavior", behaviour,
                 "Isolated, Removed, MergedWithPrevious, MergedWithNext and Contiguous are");
}

/// The expression that matches a text and nothing else.
inline std::string expression_of_text(std::string_view text) {
    std::string pattern;
    for (const char byte : text) {
        if (static_cast<unsigned char>(byte) < 0x80 && !((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') &&
            !(byte >= '0' && byte <= '9'))
            pattern += '\\';
        pattern += byte;
    }
    return pattern;
}

inline pretokenise_step read_split(const json_reader& from, const nlohmann::json& value, const std::string& where) {
    using enum expression_split::behaviours;
    const auto pattern = from.pattern_of(value, where);
    const auto behaviour = read_behaviour(from, value, where);
    const bool inverted = from.flag(value, "invert", false, where);
    // isolated, matched and unmatched parts are both kept, so turning them round changes nothing
    if (pattern.is_regex && behaviour == isolated) {
        if (pattern.text == patterns::gpt2 || pattern.text == patterns::number || pattern.text == patterns::numbers ||
            pattern.text == patterns::numbers_by_three)
            return isolating_step(pattern.text);
    } else if (!pattern.is_regex && !inverted) {
        if (behaviour == isolated) return literal_split{pattern.text, literal_split::joins::nothing};
        if (behaviour == joins_previous) return literal_split{pattern.text, literal_split::joins::previous};
        if (behaviour == joins_next) return literal_split{pattern.text, literal_split::joins::next};
    }
    const std::string text = pattern.is_regex ? pattern.text : expression_of_text(pattern.text);
    return expression_split{read_expression(from, text, where + ".pattern"), behaviour, inverted};
}

inline metaspace_step::prefix read_prefix(const json_reader& from, const nlohmann::json& value,
                                          const std::string& where) {
    if (member_or_null(value, "prepend_scheme").is_null()) { // files older than 2024
        return from.flag(value, "add_prefix_space", true, where) ? metaspace_step::prefix::always
                                                                 : metaspace_step::prefix::never;
    }
    const std::string scheme = from.text(value, "prepend_scheme", where);
    if (scheme == "always") return metaspace_step::prefix::always;
    if (scheme == "first") return metaspace_step::prefix::first;
    if (scheme == "never") return metaspace_step::prefix::never;
    from.unknown(where + ".prepend_scheme", scheme, "always, first and never are");
}

inline std::string read_symbol(const json_reader& from, const nlohmann::json& value, const std::string& where) {
    std::string symbol = from.text(value, "replacement", where);
    require<input_error>(!symbol.empty(), from.origin, ": ", where, ".replacement is empty");
    return symbol;
}

} // namespace detail

/// Appends the steps of a `pre_tokenizer` (null: none).
inline void read_pretokenisers(const json_reader& from, const nlohmann::json& value,
                               std::vector<pretokenise_step>& steps, const std::string& where = "pre_tokenizer") {
    if (value.is_null()) return;
    const std::string kind = from.text(value, "type", where);
    if (kind == "Sequence") {
        for (const auto& part : from.parts(value, "pretokenizers", where)) {
            read_pretokenisers(from, part, steps, where + ".pretokenizers");
        }
    } else if (kind == "Digits") {
        const bool single = from.flag(value, "individual_digits", false, where);
        steps.push_back(number_split{single ? 1 : std::numeric_limits<std::size_t>::max()});
    } else if (kind == "ByteLevel") {
        steps.push_back(byte_level_step{.adds_space = from.flag(value, "add_prefix_space", true, where),
                                        .splits = from.flag(value, "use_regex", true, where)});
    } else if (kind == "Split") {
        steps.push_back(detail::read_split(from, value, where));
    } else if (kind == "Punctuation") {
        const bool says = !member_or_null(value, "behavior").is_null();
        steps.push_back(expression_split{expression(std::string(patterns::punctuation)),
                                         says ? detail::read_behaviour(from, value, where)
                                              : expression_split::behaviours::isolated});
    } else if (kind == "Whitespace" || kind == "WhitespaceSplit") {
        using enum expression_split::behaviours;
        const bool words_apart = kind == "Whitespace";
        steps.push_back(expression_split{expression(words_apart ? R"(\w+|[^\w\s]+)" : R"(\s)"), removed, words_apart});
    } else if (kind == "Metaspace") {
        steps.push_back(metaspace_step{.symbol = detail::read_symbol(from, value, where),
                                       .prepended = detail::read_prefix(from, value, where),
                                       .splits = from.flag(value, "split", true, where)});
    } else {
        from.unknown(where + ".type", kind,
                     "Sequence, Digits, ByteLevel, Split, Punctuation, Whitespace, WhitespaceSplit and Metaspace are");
    }
}

/// Adds what a `decoder` says to `how` (null: nothing).
inline void read_decoder(const json_reader& from, const nlohmann::json& value, decoding& how,
                         const std::string& where = "decoder") {
    if (value.is_null()) return;
    const std::string kind = from.text(value, "type", where);
    if (kind == "Sequence") {
        for (const auto& part : from.parts(value, "decoders", where))
            read_decoder(from, part, how, where + ".decoders");
    } else if (kind == "ByteLevel") {
        how.byte_alphabet = true;
    } else if (kind == "ByteFallback") {
        how.byte_tokens = true;
    } else if (kind == "Metaspace") {
        how.space_symbol = detail::read_symbol(from, value, where);
        how.strips_first = detail::read_prefix(from, value, where) != metaspace_step::prefix::never;
    } else if (kind == "Replace") {
        const auto pattern = from.pattern_of(value, where);
        if (pattern.is_regex) from.unknown(where + ".pattern", pattern.text, "texts are, expressions are not");
        const std::string to = from.text(value, "content", where);
        if (to == " " && how.space_symbol.empty() && how.replaced.empty())
            how.space_symbol = pattern.text;
        else
            how.replaced.emplace_back(pattern.text, to);
    } else if (kind == "Strip") {
        const auto &start = member_or_null(value, "start"), &stop = member_or_null(value, "stop");
        if (from.text(value, "content", where) != " " || start != 1 || stop != 0) {
            from.unknown(where, "Strip", "only of one space at the start it is");
        }
        how.strips_first = true;
    } else if (kind != "Fuse") {
        from.unknown(where + ".type", kind,
                     "Sequence, ByteLevel, ByteFallback, Metaspace, Replace, Strip and Fuse are");
    }
}

} // namespace preflearn
