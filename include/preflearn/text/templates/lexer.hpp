/// \file
/// A chat template (the Jinja language) cut into tokens: text, and what stands in {{ … }} and {% … %}. White space
/// around tags goes as transformers asks for it (trim_blocks, lstrip_blocks) and as `-` and `+` in tags say.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/text/characters/unicode.hpp>

namespace preflearn {

enum class template_token_kind : std::uint8_t {
    text,
    begin_output,
    end_output,
    begin_block,
    end_block,
    name,
    string,
    number,
    symbol,
    end
};

/// A token and the line where it begins, from 1.
struct template_token {
    template_token_kind kind = template_token_kind::end;
    std::string text{};
    std::size_t line = 1;
};

/// Cuts a template. \throws input_error naming the line.
class template_lexer {
  public:
    explicit template_lexer(std::string_view source) {
        for (std::size_t at = 0; at < source.size(); ++at) { // line ends as Jinja sees them
            if (source[at] == '\r' && at + 1 < source.size() && source[at + 1] == '\n') continue;
            source_.push_back(source[at] == '\r' ? '\n' : source[at]);
        }
        if (source_.ends_with('\n')) source_.pop_back();
    }

    [[nodiscard]] std::vector<template_token> tokens() {
        while (at_ < source_.size()) {
            const std::size_t tag = next_tag();
            take_text(tag);
            if (tag == source_.size()) break;
            const char opened = source_[tag + 1];
            at_ = tag + 2;
            if (at_ < source_.size() && (source_[at_] == '-' || source_[at_] == '+')) ++at_;
            opened == '#' ? skip_comment() : take_tag(opened == '%');
        }
        put(template_token_kind::end, "");
        return std::move(tokens_);
    }

  private:
    using kind = template_token_kind;

    [[nodiscard]] std::size_t next_tag() const {
        for (std::size_t at = source_.find('{', at_); at != std::string::npos; at = source_.find('{', at + 1)) {
            const char next = at + 1 < source_.size() ? source_[at + 1] : ' ';
            if (next == '{' || next == '%' || next == '#') return at;
        }
        return source_.size();
    }
    void put(kind what, std::string text) { tokens_.push_back({what, std::move(text), line_}); }
    void count_lines(std::string_view passed) {
        for (const char c : passed) line_ += c == '\n' ? 1 : 0;
    }

    void take_text(std::size_t end) {
        const std::string_view whole = std::string_view(source_).substr(at_, end - at_);
        std::string_view text = whole;
        if (end < source_.size()) {
            const char sign = end + 2 < source_.size() ? source_[end + 2] : ' ';
            if (sign == '-') {
                text = without_space_at_end(text);
            } else if (sign != '+' && source_[end + 1] != '{') { // white space before a block that begins its line
                std::size_t begin = text.size();
                while (begin > 0 && (text[begin - 1] == ' ' || text[begin - 1] == '\t')) --begin;
                if (begin > 0 ? text[begin - 1] == '\n' : line_starts_) text = text.substr(0, begin);
            }
        }
        if (!text.empty()) put(kind::text, std::string(text));
        count_lines(whole);
        at_ = end;
    }
    /// Behind a tag: what its closing takes of the text that follows.
    void close(bool strips, bool takes_line_end) {
        const std::size_t begin = at_;
        if (strips) {
            while (at_ < source_.size()) {
                const character c = character_at(source_, at_);
                if (!c.valid || !is_space(c.code)) break;
                at_ += c.bytes;
            }
        } else if (takes_line_end && at_ < source_.size() && source_[at_] == '\n') {
            ++at_;
        }
        count_lines(std::string_view(source_).substr(begin, at_ - begin));
        line_starts_ = at_ > begin && source_[at_ - 1] == '\n';
    }
    void skip_comment() {
        const std::size_t end = source_.find("#}", at_);
        require<input_error>(end != std::string::npos, "line ", line_, ": a comment is not closed");
        count_lines(std::string_view(source_).substr(at_, end - at_));
        const char sign = end > at_ ? source_[end - 1] : ' ';
        at_ = end + 2;
        close(sign == '-', sign != '+');
    }

    void take_tag(bool block) {
        put(block ? kind::begin_block : kind::begin_output, "");
        const std::string_view end = block ? "%}" : "}}";
        std::size_t open = 0; // brackets
        for (;;) {
            while (at_ < source_.size() && is_blank(source_[at_])) line_ += source_[at_++] == '\n' ? 1 : 0;
            require<input_error>(at_ < source_.size(), "line ", line_, ": a tag is not closed");
            const std::string_view rest = std::string_view(source_).substr(at_);
            const bool signed_end = (rest[0] == '-' || rest[0] == '+') && rest.substr(1).starts_with(end);
            if (open == 0 && (signed_end || rest.starts_with(end))) {
                put(block ? kind::end_block : kind::end_output, "");
                at_ += end.size() + (signed_end ? 1 : 0);
                return close(signed_end && rest[0] == '-', block && !(signed_end && rest[0] == '+'));
            }
            take_token(rest, open);
        }
    }
    static bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }
    static bool is_digit(char c) { return c >= '0' && c <= '9'; }
    static bool is_name(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
    }

    void take_token(std::string_view rest, std::size_t& open) {
        std::size_t size = 1;
        if (is_name(rest[0])) {
            while (size < rest.size() && (is_name(rest[size]) || is_digit(rest[size]))) ++size;
            put(kind::name, std::string(rest.substr(0, size)));
        } else if (is_digit(rest[0])) {
            while (size < rest.size() && (is_digit(rest[size]) || rest[size] == '_')) ++size;
            if (size + 1 < rest.size() && rest[size] == '.' && is_digit(rest[size + 1]))
                for (++size; size < rest.size() && is_digit(rest[size]);) ++size;
            std::string digits;
            for (const char c : rest.substr(0, size))
                if (c != '_') digits.push_back(c);
            put(kind::number, digits);
        } else if (rest[0] == '\'' || rest[0] == '"') {
            size = take_string(rest);
        } else {
            for (const std::string_view two : {"==", "!=", "<=", ">=", "//", "**"})
                if (rest.starts_with(two)) size = 2;
            require<input_error>(std::string_view("+-*/%~=!<>.:|,()[]{}").find(rest[0]) != std::string_view::npos,
                                 "line ", line_, ": the character ", excerpt{rest.substr(0, 1)}, " is not known here");
            open += rest[0] == '(' || rest[0] == '[' || rest[0] == '{' ? 1 : 0;
            if ((rest[0] == ')' || rest[0] == ']' || rest[0] == '}') && open > 0) --open;
            put(kind::symbol, std::string(rest.substr(0, size)));
        }
        at_ += size;
    }
    /// A quoted string with Python's escapes; returns its size in the source.
    std::size_t take_string(std::string_view rest) {
        std::string text;
        std::size_t at = 1;
        const std::size_t line = line_;
        for (; at < rest.size() && rest[at] != rest[0]; ++at) {
            line_ += rest[at] == '\n' ? 1 : 0;
            if (rest[at] != '\\' || at + 1 == rest.size()) {
                text.push_back(rest[at]);
                continue;
            }
            constexpr std::string_view letters = "ntrbfv0a\\'\"\n", values{"\n\t\r\b\f\v\0\a\\'\"\0", 12};
            const char letter = rest[++at];
            if (letter == 'x' || letter == 'u' || letter == 'U') {
                const std::size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : 8;
                append_utf8(text, code_of(rest.substr(at + 1, digits), digits));
                at += digits;
            } else if (const std::size_t known = letters.find(letter); known == std::string_view::npos) {
                text.append({'\\', letter});
            } else if (letter != '\n') {
                text.push_back(values[known]);
            }
        }
        require<input_error>(at < rest.size(), "line ", line, ": a string is not closed");
        put(kind::string, std::move(text));
        return at + 1;
    }
    [[nodiscard]] char32_t code_of(std::string_view digits, std::size_t count) const {
        char32_t code = 0;
        for (const char c : digits) {
            const char32_t low = static_cast<unsigned char>(c) | 0x20U;
            const bool letter = low >= 'a' && low <= 'f';
            require<input_error>(is_digit(c) || letter, "line ", line_, ": an escape has a digit that is none");
            code = code * 16 + (is_digit(c) ? static_cast<char32_t>(c - '0') : low - 'a' + 10);
        }
        require<input_error>(digits.size() == count && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF), "line ",
                             line_, ": an escape is no character");
        return code;
    }

    std::string source_;
    std::size_t at_ = 0, line_ = 1;
    bool line_starts_ = true;
    std::vector<template_token> tokens_;
};

} // namespace preflearn
