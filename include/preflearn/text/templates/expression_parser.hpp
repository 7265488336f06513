/// \file
/// Reads the expressions of chat templates, with Jinja's precedences: if-else, or, and, not, comparisons, + and -, ~,
/// products, signs, then what follows a value: attributes, indices, calls, filters and tests.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/text/templates/lexer.hpp>
#include <preflearn/text/templates/syntax.hpp>

namespace preflearn {

/// A place in a list of tokens, from which expressions are read. \throws input_error naming the line.
class template_expression_parser {
  public:
    explicit template_expression_parser(std::vector<template_token> tokens) : tokens_(std::move(tokens)) {}

    [[nodiscard]] template_expression expression(bool with_choice = true) {
        const level deeper(*this);
        template_expression value = binary(0);
        while (with_choice && take_name("if")) {
            template_expression when = binary(0);
            template_expression otherwise = literal(template_value(template_value::value_t::discarded));
            if (take_name("else")) otherwise = expression();
            value = made(kind::choice, "", {std::move(when), std::move(value), std::move(otherwise)});
        }
        return value;
    }
    /// `a, b` is a list, as Python's tuples are.
    [[nodiscard]] template_expression expressions() {
        template_expression first = expression();
        if (!is_symbol(",")) return first;
        template_expression all = made(kind::list, "", {std::move(first)});
        while (take_symbol(",") && !at(template_token_kind::end_block) && !at(template_token_kind::end_output))
            all.parts.push_back(expression());
        return all;
    }

    [[nodiscard]] const template_token& here() const { return tokens_[at_]; }
    template_token take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
    [[nodiscard]] bool at(template_token_kind wanted) const { return here().kind == wanted; }
    [[nodiscard]] bool is_symbol(std::string_view text) const {
        return at(template_token_kind::symbol) && here().text == text;
    }
    [[nodiscard]] bool is_name(std::string_view text) const {
        return at(template_token_kind::name) && here().text == text;
    }
    bool take_symbol(std::string_view text) { return is_symbol(text) && (take(), true); }
    bool take_name(std::string_view text) { return is_name(text) && (take(), true); }
    void expect_symbol(std::string_view text) {
        if (!take_symbol(text)) fail(text);
    }
    std::string expect_name() {
        if (!at(template_token_kind::name)) fail("a name");
        return take().text;
    }
    [[noreturn]] void fail(std::string_view expected) const {
        throw input_error(message("line ", here().line, ": ", expected, " was expected, found ",
                                  here().text.empty() ? "the end of a tag" : message(excerpt{here().text})));
    }

  private:
    using kind = template_expression::kind;

    /// Templates come from files: what nests too deep is refused before the stack is full.
    struct level {
        explicit level(template_expression_parser& of) : parser(of) {
            require<input_error>(++parser.depth_ < 200, "line ", parser.here().line, ": expressions nest too deep");
        }
        level(const level&) = delete;
        level& operator=(const level&) = delete;
        ~level() { --parser.depth_; }
        template_expression_parser& parser;
    };

    [[nodiscard]] template_expression made(kind what, std::string text, std::vector<template_expression> parts) const {
        return {.what = what, .text = std::move(text), .parts = std::move(parts), .line = here().line};
    }
    [[nodiscard]] template_expression literal(template_value value) const {
        return {.what = kind::literal, .value = std::move(value), .line = here().line};
    }
    bool take_one_of(std::initializer_list<std::string_view> symbols, std::string& taken) {
        const bool found = at(template_token_kind::symbol) && std::ranges::find(symbols, here().text) != symbols.end();
        if (found) taken = take().text;
        return found;
    }
    /// The operator of a level of precedence that stands here, taken.
    bool take_operator(int precedence, std::string& taken) {
        switch (precedence) {
        case 0:
            return (taken = "or", take_name("or"));
        case 1:
            return (taken = "and", take_name("and"));
        case 2:
            if (take_name("in")) return (taken = "in", true);
            if (is_name("not") && tokens_[at_ + 1].kind == template_token_kind::name && tokens_[at_ + 1].text == "in")
                return (take(), take(), taken = "not in", true);
            return take_one_of({"==", "!=", "<", ">", "<=", ">="}, taken);
        case 3:
            return take_one_of({"+", "-"}, taken);
        case 4:
            return take_one_of({"~"}, taken);
        default:
            return take_one_of({"*", "/", "//", "%"}, taken);
        }
    }
    template_expression binary(int precedence) {
        if (precedence == 2 && take_name("not")) {
            const level deeper(*this);
            return made(kind::unary, "not", {binary(2)});
        }
        if (precedence > 5) return unary();
        template_expression left = binary(precedence + 1);
        for (std::string taken; take_operator(precedence, taken);) {
            template_expression right = binary(precedence + 1);
            left = made(kind::binary, taken, {std::move(left), std::move(right)});
        }
        return left;
    }
    template_expression unary() {
        const level deeper(*this);
        std::string sign;
        if (take_one_of({"-", "+"}, sign)) return behind(made(kind::unary, sign, {unary()}), false);
        return behind(primary(), true);
    }
    /// What follows a value: `.name`, `[…]`, `(…)` where it may, `| filter` and `is test`.
    template_expression behind(template_expression value, bool postfix) {
        for (;;) {
            if (postfix && take_symbol(".")) {
                std::string name = at(template_token_kind::number) ? take().text : expect_name();
                value = made(kind::attribute, std::move(name), {std::move(value)});
            } else if (postfix && take_symbol("[")) {
                value = subscript(std::move(value));
            } else if (postfix && take_symbol("(")) {
                value = made(kind::call, "", {std::move(value)});
                arguments(value);
            } else if (take_symbol("|")) {
                value = made(kind::filter, expect_name(), {std::move(value)});
                if (take_symbol("(")) arguments(value);
            } else if (take_name("is")) {
                const bool negated = take_name("not");
                value = made(kind::test, expect_name(), {std::move(value)});
                if (take_symbol("(")) {
                    arguments(value);
                } else if (starts_argument()) {
                    value.parts.push_back(primary());
                }
                if (negated) value = made(kind::unary, "not", {std::move(value)});
            } else {
                return value;
            }
        }
    }
    [[nodiscard]] bool starts_argument() const {
        if (at(template_token_kind::string) || at(template_token_kind::number)) return true;
        if (!at(template_token_kind::name)) return false;
        for (const std::string_view word : {"else", "or", "and", "if", "is", "not", "in"})
            if (here().text == word) return false;
        return true;
    }
    template_expression subscript(template_expression value) {
        const auto bound = [&] {
            const bool absent = is_symbol(":") || is_symbol("]");
            return absent ? literal(nullptr) : expression();
        };
        template_expression first = bound();
        if (!is_symbol(":")) {
            expect_symbol("]");
            return made(kind::index, "", {std::move(value), std::move(first)});
        }
        std::vector<template_expression> parts;
        parts.push_back(std::move(value));
        parts.push_back(std::move(first));
        for (int i = 0; i < 2; ++i) parts.push_back(take_symbol(":") ? bound() : literal(nullptr));
        expect_symbol("]");
        return made(kind::slice, "", std::move(parts));
    }
    void arguments(template_expression& to) {
        while (!take_symbol(")")) {
            const bool named = at(template_token_kind::name) && tokens_[at_ + 1].kind == template_token_kind::symbol &&
                               tokens_[at_ + 1].text == "=";
            if (named) {
                std::string name = take().text;
                take();
                to.named.emplace_back(std::move(name), expression());
            } else {
                to.parts.push_back(expression());
            }
            if (!is_symbol(")")) expect_symbol(",");
        }
    }

    template_expression primary() {
        const level deeper(*this);
        if (at(template_token_kind::string)) {
            std::string text = take().text;
            while (at(template_token_kind::string)) text += take().text; // neighbours are one
            return literal(text);
        }
        if (at(template_token_kind::number)) return number(take().text);
        if (at(template_token_kind::name)) {
            const std::string name = take().text;
            if (name == "true" || name == "True") return literal(true);
            if (name == "false" || name == "False") return literal(false);
            if (name == "none" || name == "None") return literal(nullptr);
            return made(kind::name, name, {});
        }
        if (take_symbol("(")) {
            template_expression inside = is_symbol(")") ? made(kind::list, "", {}) : expressions_until(")");
            expect_symbol(")");
            return inside;
        }
        if (take_symbol("[")) {
            template_expression list = made(kind::list, "", {});
            while (!take_symbol("]")) {
                list.parts.push_back(expression());
                if (!is_symbol("]")) expect_symbol(",");
            }
            return list;
        }
        if (take_symbol("{")) {
            template_expression object = made(kind::object, "", {});
            while (!take_symbol("}")) {
                object.parts.push_back(expression());
                expect_symbol(":");
                object.parts.push_back(expression());
                if (!is_symbol("}")) expect_symbol(",");
            }
            return object;
        }
        fail("a value");
    }
    template_expression expressions_until(std::string_view end) {
        template_expression first = expression();
        if (!is_symbol(",")) return first;
        template_expression all = made(kind::list, "", {std::move(first)});
        while (take_symbol(",") && !is_symbol(end)) all.parts.push_back(expression());
        return all;
    }
    [[nodiscard]] template_expression number(const std::string& digits) const {
        if (digits.find('.') != std::string::npos) return literal(std::stod(digits));
        std::int64_t value = 0;
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        require<input_error>(read.ec == std::errc(), "line ", here().line, ": the number ", excerpt{digits},
                             " is too large");
        return literal(value);
    }

    std::vector<template_token> tokens_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
};

} // namespace preflearn
