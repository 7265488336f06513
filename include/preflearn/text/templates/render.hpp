/// \file
/// Renders the chat templates that models come with: the part of the Jinja language that they use, with the settings
/// and the functions that transformers gives them. What is not known is an error that names it, never left out.
/// Templates come from strangers: nothing outside the values given is reached, and time and size are bounded.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/text/templates/methods.hpp>
#include <preflearn/text/templates/parser.hpp>
#include <preflearn/text/templates/syntax.hpp>
#include <preflearn/text/templates/values.hpp>

namespace preflearn {

/// A template called raise_exception: it refuses the conversation.
struct template_refusal : input_error {
    using input_error::input_error;
};

namespace detail {

/// One rendering.
class template_run {
  public:
    explicit template_run(const template_value& values) : scopes_(1) {
        for (auto item = values.begin(); item != values.end(); ++item) scopes_.back()[item.key()] = *item;
    }

    [[nodiscard]] std::string text(const std::vector<template_statement>& statements) {
        std::string out;
        run(statements, out);
        return out;
    }

  private:
    enum class flow : std::uint8_t { on, next, leave };
    using scope = std::map<std::string, template_value>;
    using kind = template_expression::kind;

    void count_step(std::size_t line) {
        require<input_error>(++steps_ < 20'000, "line ", line, ": the template does not come to an end");
    }

    flow run(const std::vector<template_statement>& statements, std::string& out) {
        for (const template_statement& s : statements) {
            const flow how = run(s, out);
            if (how != flow::on) return how;
        }
        return flow::on;
    }
    flow run(const template_statement& s, std::string& out) {
        using what = template_statement::kind;
        count_step(s.line);
        require<input_error>(out.size() < (std::size_t{1} << 22), "line ", s.line, ": the template's text is too long");
        switch (s.what) {
        case what::text:
            out += s.text;
            return flow::on;
        case what::output:
            out += text_of(value(s.expressions[0]));
            return flow::on;
        case what::branch:
            for (std::size_t i = 0; i < s.bodies.size(); ++i)
                if (i >= s.expressions.size() || is_true(value(s.expressions[i]))) return run(s.bodies[i], out);
            return flow::on;
        case what::loop:
            return loop(s, out);
        case what::set:
            assign(s, value(s.expressions[0]));
            return flow::on;
        case what::set_block: {
            std::string inner;
            run(s.bodies[0], inner);
            assign(s, inner);
            return flow::on;
        }
        case what::macro:
            macros_[s.text] = &s;
            return flow::on;
        case what::leave:
            return flow::leave;
        default:
            return flow::next;
        }
    }
    flow loop(const template_statement& s, std::string& out) {
        using namespace std::string_literals;
        const template_value all = items_of(value(s.expressions[0]), "for");
        template_value items = template_value::array();
        scopes_.emplace_back();
        for (const auto& item : all) {
            bind(s, item);
            if (s.expressions.size() < 2 || is_true(value(s.expressions[1]))) items.push_back(item);
        }
        for (std::size_t i = 0; i < items.size(); ++i) {
            scopes_.back().clear(); // what an iteration sets goes with it
            bind(s, items[i]);
            scopes_.back()["loop"] = {{"index0"s, i},
                                      {"index"s, i + 1},
                                      {"revindex"s, items.size() - i},
                                      {"revindex0"s, items.size() - i - 1},
                                      {"first"s, i == 0},
                                      {"last"s, i + 1 == items.size()},
                                      {"length"s, items.size()}};
            template_value& about = scopes_.back()["loop"];
            about["previtem"] = i > 0 ? items[i - 1] : undefined_value();
            about["nextitem"] = i + 1 < items.size() ? items[i + 1] : undefined_value();
            if (run(s.bodies[0], out) == flow::leave) break;
        }
        scopes_.pop_back();
        return items.empty() && s.bodies.size() > 1 ? run(s.bodies[1], out) : flow::on;
    }
    void bind(const template_statement& s, const template_value& item) {
        if (s.names.size() == 1) {
            scopes_.back()[s.names[0]] = item;
            return;
        }
        require<input_error>(item.is_array() && item.size() == s.names.size(), "line ", s.line, ": ", s.names.size(),
                             " values were expected, found ", kind_name(item));
        for (std::size_t i = 0; i < s.names.size(); ++i) scopes_.back()[s.names[i]] = item[i];
    }
    void assign(const template_statement& s, const template_value& made) {
        if (s.text.empty()) return bind(s, made);
        for (auto inner = scopes_.rbegin(); inner != scopes_.rend(); ++inner) {
            const auto found = inner->find(s.names[0]);
            if (found == inner->end()) continue;
            require<input_error>(found->second.is_object(), "line ", s.line, ": '", s.names[0], "' is no namespace");
            found->second[s.text] = made;
            return;
        }
        throw input_error(message("line ", s.line, ": there is no namespace '", s.names[0], "'"));
    }

    /// The value of an expression; errors name its line.
    template_value value(const template_expression& e) {
        try {
            return unplaced(e);
        } catch (const template_refusal&) {
            throw;
        } catch (const input_error& failure) {
            const std::string_view said = failure.what();
            if (said.starts_with("line ")) throw;
            throw input_error(message("line ", e.line, ": ", said));
        }
    }
    template_value unplaced(const template_expression& e) {
        count_step(e.line);
        switch (e.what) {
        case kind::literal:
            return e.value;
        case kind::name:
            return named(e.text);
        case kind::list: {
            template_value list = template_value::array();
            for (const auto& part : e.parts) list.push_back(value(part));
            return list;
        }
        case kind::object: {
            template_value object = template_value::object();
            for (std::size_t i = 0; i + 1 < e.parts.size(); i += 2)
                object[string_of(value(e.parts[i]), "a mapping's key")] = value(e.parts[i + 1]);
            return object;
        }
        case kind::attribute:
            return indexed(value(e.parts[0]), e.text);
        case kind::index:
            return indexed(value(e.parts[0]), value(e.parts[1]));
        case kind::slice:
            return sliced(e);
        case kind::call:
            return called(e);
        case kind::filter:
            return filter_value(e.text, value(e.parts[0]), arguments(e));
        case kind::test: {
            const template_value argument = e.parts.size() > 1 ? value(e.parts[1]) : undefined_value();
            return test_value(e.text, value(e.parts[0]), argument);
        }
        case kind::choice:
            return value(e.parts[is_true(value(e.parts[0])) ? 1 : 2]);
        case kind::unary: {
            const template_value operand = value(e.parts[0]);
            if (e.text == "not") return !is_true(operand);
            return e.text == "+" ? operand : binary_value("-", std::int64_t{0}, operand);
        }
        default: {
            template_value left = value(e.parts[0]);
            if (e.text == "and") return is_true(left) ? value(e.parts[1]) : left;
            if (e.text == "or") return is_true(left) ? left : value(e.parts[1]);
            return binary_value(e.text, left, value(e.parts[1]));
        }
        }
    }
    template_value named(const std::string& name) {
        for (auto inner = scopes_.rbegin(); inner != scopes_.rend(); ++inner)
            if (const auto found = inner->find(name); found != inner->end()) return found->second;
        return undefined_value();
    }
    template_value indexed(const template_value& of, const template_value& key) {
        require<input_error>(!is_undefined(of), "a member of what is undefined was asked for");
        if (key.is_string()) return member_of(of, key.get_ref<const std::string&>());
        if (!of.is_array() && !of.is_string()) return undefined_value();
        const template_value items = items_of(of, "[]");
        std::int64_t at = integer_of(key, "[]");
        if (at < 0) at += static_cast<std::int64_t>(items.size());
        return at < 0 || at >= static_cast<std::int64_t>(items.size()) ? undefined_value()
                                                                       : items[static_cast<std::size_t>(at)];
    }
    template_value sliced(const template_expression& e) {
        const template_value of = value(e.parts[0]);
        require<input_error>(of.is_array() || of.is_string(), "[:]: ", kind_name(of), " has no parts");
        const template_value items = items_of(of, "[:]");
        const auto size = static_cast<std::int64_t>(items.size());
        const template_value stepped = value(e.parts[3]);
        const std::int64_t step = stepped.is_null() ? 1 : integer_of(stepped, "[:]");
        require<input_error>(step != 0 && step > -size - 2 && step < size + 2, "[:]: a step of ", step);
        const auto bound = [&](std::size_t part, std::int64_t otherwise) {
            const template_value given = value(e.parts[part]);
            if (given.is_null()) return otherwise;
            const std::int64_t at = integer_of(given, "[:]");
            const std::int64_t least = step < 0 ? -1 : 0, most = step < 0 ? size - 1 : size;
            return std::clamp(at < 0 ? std::max(at, -size - 1) + size : at, least, most);
        };
        template_value part = template_value::array();
        const std::int64_t end = bound(2, step < 0 ? -1 : size);
        for (std::int64_t at = bound(1, step < 0 ? size - 1 : 0); step < 0 ? at > end : at < end; at += step)
            part.push_back(items[static_cast<std::size_t>(at)]);
        return of.is_string() ? joined_items(part, undefined_value()) : part;
    }
    template_arguments arguments(const template_expression& e) {
        template_arguments made;
        for (std::size_t i = 1; i < e.parts.size(); ++i) made.list.push_back(value(e.parts[i]));
        for (const auto& [name, given] : e.named) made.named.emplace_back(name, value(given));
        return made;
    }
    template_value called(const template_expression& e) {
        const template_expression& callee = e.parts[0];
        const template_arguments with = arguments(e);
        if (callee.what == kind::attribute) return method_value(callee.text, value(callee.parts[0]), with);
        require<input_error>(callee.what == kind::name, "only a named function can be called");
        if (const auto macro = macros_.find(callee.text); macro != macros_.end()) return expanded(*macro->second, with);
        if (callee.text == "raise_exception") throw template_refusal(text_of(with.get(0)));
        if (callee.text == "namespace" || callee.text == "dict") {
            template_value object = template_value::object();
            for (const auto& [name, given] : with.named) object[name] = given;
            return object;
        }
        if (callee.text == "range") {
            const bool one = with.list.size() < 2;
            const std::int64_t first = one ? 0 : integer_of(with.get(0), "range");
            const std::int64_t last = integer_of(with.get(one ? 0 : 1), "range");
            const std::int64_t step = with.list.size() > 2 ? integer_of(with.get(2), "range") : 1;
            require<input_error>(step != 0 && last - first < 100'000 && first - last < 100'000, "range: too long");
            template_value all = template_value::array();
            for (std::int64_t at = first; step > 0 ? at < last : at > last; at += step) all.push_back(at);
            return all;
        }
        if (callee.text == "strftime_now") return date(string_of(with.get(0), callee.text));
        throw input_error(message("the function '", callee.text, "' is not known"));
    }
    /// Templates that ask whether there is a clock are told that there is none; to those that do not ask it is always
    /// the day that Llama 3.1 takes then, so that equal conversations are equal texts on any day.
    static template_value date(const std::string& pattern) {
        std::tm day{};
        day.tm_mday = 26, day.tm_mon = 6, day.tm_year = 124, day.tm_wday = 5, day.tm_yday = 207;
        std::array<char, 256> text{};
        return std::string(text.data(), std::strftime(text.data(), text.size(), pattern.c_str(), &day));
    }
    template_value expanded(const template_statement& macro, const template_arguments& with) {
        require<input_error>(++depth_ < 50, "the macro '", macro.text, "' calls itself too often");
        scope own;
        const std::size_t required = macro.names.size() - macro.expressions.size();
        for (std::size_t i = 0; i < macro.names.size(); ++i) {
            own[macro.names[i]] = with.get(i, macro.names[i]);
            if (is_undefined(own[macro.names[i]]) && i >= required)
                own[macro.names[i]] = value(macro.expressions[i - required]);
        }
        std::vector<scope> outside(scopes_.begin() + 1, scopes_.end()); // a macro sees what is global
        scopes_.resize(1);
        scopes_.push_back(std::move(own));
        std::string out;
        run(macro.bodies[0], out);
        scopes_.resize(1);
        scopes_.insert(scopes_.end(), outside.begin(), outside.end());
        --depth_;
        return out;
    }

    std::vector<scope> scopes_;
    std::map<std::string, const template_statement*> macros_;
    std::size_t steps_ = 0, depth_ = 0;
};

} // namespace detail

/// A parsed template. \throws input_error naming the line and what is not understood.
class chat_template {
  public:
    explicit chat_template(std::string_view source) : statements_(template_parser(source).statements()) {}

    /// The text for an object of values. \throws template_refusal with the template's own words; input_error naming the
    /// line and what is not known or does not fit.
    [[nodiscard]] std::string render(const template_value& values) const {
        return detail::template_run(values).text(statements_);
    }

  private:
    std::vector<template_statement> statements_;
};

} // namespace preflearn
