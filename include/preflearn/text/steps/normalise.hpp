/// \file
/// Normalisation: the steps of tokenizer.json's `normalizer` that change a text before it is cut into pieces.
/// Bytes that are not UTF-8 pass through unchanged.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <utf8proc.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/text/characters/unicode.hpp>
#include <preflearn/text/steps/position.hpp>
#include <preflearn/text/steps/pretokenise.hpp>

namespace preflearn {

/// A text that is not empty gets `text` in front.
struct prepend_step {
    std::string text;
};
/// Every `from` becomes `to`, from left to right.
struct replace_step {
    std::string from;
    std::string to;
};
/// A Unicode normalisation form.
struct unicode_form_step {
    bool composed = true;       ///< NFC and NFKC
    bool compatibility = false; ///< NFKC and NFKD
};
/// Every character becomes its lower case.
struct lowercase_step {};

/// Every match of an expression becomes `to`.
struct replace_matches_step {
    expression pattern;
    std::string to;
};
/// White space at the ends goes.
struct strip_step {
    bool left = true;
    bool right = true;
};

using normalise_step =
    std::variant<prepend_step, replace_step, unicode_form_step, lowercase_step, replace_matches_step, strip_step>;

namespace detail {

/// One stretch of valid UTF-8 in a normal form.
inline void append_in_form(std::string& out, std::string_view valid, const unicode_form_step& form) {
    if (valid.empty()) return;
    int options = UTF8PROC_STABLE | (form.composed ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE);
    if (form.compatibility) options |= UTF8PROC_COMPAT;
    utf8proc_uint8_t* result = nullptr;
    const utf8proc_ssize_t length =
        utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(valid.data()),
                     static_cast<utf8proc_ssize_t>(valid.size()), &result, static_cast<utf8proc_option_t>(options));
    if (length < 0) throw argument_error(message("a text cannot be normalised: ", utf8proc_errmsg(length)));
    out.append(reinterpret_cast<const char*>(result), static_cast<std::size_t>(length));
    std::free(result);
}

inline void apply(std::string& text, const prepend_step& step) {
    if (!text.empty()) text.insert(0, step.text);
}
inline void apply(std::string& text, const replace_step& step) { replace_all(text, step.from, step.to); }
inline void apply(std::string& text, const unicode_form_step& step) {
    std::string out;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < text.size();) {
        const character c = character_at(text, at);
        if (!c.valid) {
            append_in_form(out, std::string_view(text).substr(begin, at - begin), step);
            out.push_back(text[at]);
            begin = at + 1;
        }
        at += c.bytes;
    }
    append_in_form(out, std::string_view(text).substr(begin), step);
    text = std::move(out);
}
inline void apply(std::string& text, const lowercase_step&) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const character c = character_at(text, at);
        if (!c.valid) {
            out.push_back(text[at]);
        } else if (c.code == 0x130) { // the one character whose lower case is two
            out += "i\u0307";
        } else {
            append_utf8(out, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c.code))));
        }
        at += c.bytes;
    }
    text = std::move(out);
}

inline void apply(std::string& text, const replace_matches_step& step) {
    std::string out;
    const std::string_view whole = text;
    const expression_split matches{step.pattern};
    matches.for_each_part(whole, [&](const expression_split::part& part) {
        out.append(part.is_match ? std::string_view(step.to) : whole.substr(part.begin, part.end - part.begin));
    });
    text = std::move(out);
}
inline void apply(std::string& text, const strip_step& step) {
    const auto is_space = [&](std::size_t at) { return class_of(character_at(text, at)) == character_class::space; };
    while (step.right && !text.empty() && is_space(last_character(text))) text.resize(last_character(text));
    std::size_t begin = 0;
    while (step.left && begin < text.size() && is_space(begin)) begin += character_at(text, begin).bytes;
    text.erase(0, begin);
}

} // namespace detail

/// Applies all steps in order; a text that goes on gets nothing in front.
inline void normalise(std::string& text, const std::vector<normalise_step>& steps,
                      text_position position = text_position::start) {
    for (const normalise_step& step : steps) {
        if (position == text_position::continuation && std::holds_alternative<prepend_step>(step)) continue;
        std::visit([&](const auto& chosen) { detail::apply(text, chosen); }, step);
    }
}

} // namespace preflearn
