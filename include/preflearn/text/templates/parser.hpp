/// \file
/// Reads a chat template: the statements if, for, set, macro, break, continue and generation (which marks what the
/// assistant says and changes nothing).
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/text/templates/expression_parser.hpp>
#include <preflearn/text/templates/lexer.hpp>
#include <preflearn/text/templates/syntax.hpp>

namespace preflearn {

/// \throws input_error naming the line and what is not understood there.
class template_parser {
  public:
    explicit template_parser(std::string_view source) : from_(template_lexer(source).tokens()) {}

    [[nodiscard]] std::vector<template_statement> statements() {
        std::vector<template_statement> all = until({});
        return all;
    }

  private:
    using kind = template_statement::kind;
    using body = std::vector<template_statement>;

    /// Statements up to one of the words that may end them, which is taken with its tag's opening; none: up to the end.
    body until(std::initializer_list<std::string_view> ends, std::string* ended_by = nullptr) {
        require<input_error>(++depth_ < 100, "line ", from_.here().line, ": statements nest too deep");
        body all;
        for (;;) {
            const std::size_t line = from_.here().line;
            if (from_.at(template_token_kind::end)) {
                require<input_error>(ends.size() == 0, "line ", line, ": '", ends.size() ? *(ends.end() - 1) : "",
                                     "' was expected before the end");
                break;
            }
            if (from_.at(template_token_kind::text)) {
                all.push_back({.what = kind::text, .text = from_.take().text, .line = line});
            } else if (from_.at(template_token_kind::begin_output)) {
                from_.take();
                template_statement shown{.what = kind::output, .line = line};
                shown.expressions.push_back(from_.expressions());
                if (!from_.at(template_token_kind::end_output)) from_.fail("}}");
                from_.take();
                all.push_back(std::move(shown));
            } else {
                from_.take(); // {%
                const std::string word = from_.expect_name();
                if (std::ranges::find(ends, word) != ends.end()) {
                    if (ended_by) *ended_by = word;
                    break;
                }
                statement(word, line, all);
            }
        }
        --depth_;
        return all;
    }
    void close() {
        if (!from_.at(template_token_kind::end_block)) from_.fail("%}");
        from_.take();
    }

    void statement(const std::string& word, std::size_t line, body& all) {
        template_statement made{.line = line};
        if (word == "if") {
            branch(made);
        } else if (word == "for") {
            loop(made);
        } else if (word == "set") {
            set(made);
        } else if (word == "macro") {
            macro(made);
        } else if (word == "break" || word == "continue") {
            made.what = word == "break" ? kind::leave : kind::next;
            close();
        } else if (word == "generation") {
            close();
            for (template_statement& inner : until({"endgeneration"})) all.push_back(std::move(inner));
            return close();
        } else {
            throw input_error(message("line ", line, ": the statement '", word,
                                      "' is not known; if, for, set, macro, break, continue and generation are"));
        }
        all.push_back(std::move(made));
    }
    void branch(template_statement& made) {
        made.what = kind::branch;
        std::string end = "elif";
        while (end == "elif") {
            made.expressions.push_back(from_.expressions());
            close();
            made.bodies.push_back(until({"elif", "else", "endif"}, &end));
        }
        if (end == "else") {
            close();
            made.bodies.push_back(until({"endif"}));
        }
        close();
    }
    void loop(template_statement& made) {
        made.what = kind::loop;
        const bool bracket = from_.take_symbol("(");
        do made.names.push_back(from_.expect_name());
        while (from_.take_symbol(","));
        if (bracket) from_.expect_symbol(")");
        if (!from_.take_name("in")) from_.fail("in");
        made.expressions.push_back(from_.expression(false));
        if (from_.take_name("if")) made.expressions.push_back(from_.expression());
        close();
        std::string end;
        made.bodies.push_back(until({"else", "endfor"}, &end));
        if (end == "else") {
            close();
            made.bodies.push_back(until({"endfor"}));
        }
        close();
    }
    void set(template_statement& made) {
        do made.names.push_back(from_.expect_name());
        while (from_.take_symbol(","));
        if (from_.take_symbol(".")) made.text = from_.expect_name();
        if (from_.take_symbol("=")) {
            made.what = kind::set;
            made.expressions.push_back(from_.expressions());
        } else {
            made.what = kind::set_block;
            close();
            made.bodies.push_back(until({"endset"}));
        }
        close();
    }
    void macro(template_statement& made) {
        made.what = kind::macro;
        made.text = from_.expect_name();
        from_.expect_symbol("(");
        while (!from_.take_symbol(")")) {
            made.names.push_back(from_.expect_name());
            if (from_.take_symbol("=")) made.expressions.push_back(from_.expression());
            if (!from_.is_symbol(")")) from_.expect_symbol(",");
        }
        close();
        made.bodies.push_back(until({"endmacro"}));
        close();
    }

    template_expression_parser from_;
    std::size_t depth_ = 0;
};

} // namespace preflearn
