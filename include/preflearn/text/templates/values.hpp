/// \file
/// What values of chat templates are and do: truth, text, operators and tests, as Python has them.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <preflearn/core/system/error.hpp>
#include <preflearn/text/characters/unicode.hpp>
#include <preflearn/text/templates/syntax.hpp>

namespace preflearn {

inline template_value undefined_value() { return template_value(template_value::value_t::discarded); }
inline bool is_undefined(const template_value& value) { return value.is_discarded(); }

/// What a value is called in messages.
inline std::string_view kind_name(const template_value& value) {
    if (is_undefined(value)) return "undefined";
    if (value.is_null()) return "none";
    if (value.is_boolean()) return "a boolean";
    if (value.is_number()) return "a number";
    if (value.is_string()) return "a string";
    return value.is_array() ? "a list" : "a mapping";
}

inline bool is_true(const template_value& value) {
    if (is_undefined(value) || value.is_null()) return false;
    if (value.is_boolean()) return value.get<bool>();
    if (value.is_number_float()) return value.get<double>() != 0;
    if (value.is_number()) return value.get<std::int64_t>() != 0;
    if (value.is_string()) return !value.get_ref<const std::string&>().empty();
    return !value.empty();
}

/// A string's text. \throws input_error naming what needed one.
inline const std::string& string_of(const template_value& value, std::string_view user) {
    require<input_error>(value.is_string(), user, ": a string was expected, found ", kind_name(value));
    return value.get_ref<const std::string&>();
}
/// A whole number. \throws input_error naming what needed one.
inline std::int64_t integer_of(const template_value& value, std::string_view user) {
    require<input_error>(value.is_number_integer() || value.is_boolean(), user, ": a whole number was expected, found ",
                         kind_name(value));
    return value.is_boolean() ? std::int64_t{value.get<bool>()} : value.get<std::int64_t>();
}

/// JSON as `tojson` writes it: ", " and ": " between, characters as they are; `indent` < 0: on one line.
inline void write_json(std::string& to, const template_value& value, int indent, int depth = 0) {
    const auto line = [&](int at) {
        if (indent >= 0) to.append(1, '\n').append(static_cast<std::size_t>(indent * at), ' ');
    };
    if (value.is_structured() && !value.empty()) {
        const bool list = value.is_array();
        to += list ? '[' : '{';
        bool first = true;
        for (auto item = value.begin(); item != value.end(); ++item, first = false) {
            if (!first) to += indent >= 0 ? "," : ", ";
            line(depth + 1);
            if (!list) to.append(template_value(item.key()).dump()).append(": ");
            write_json(to, *item, indent, depth + 1);
        }
        line(depth);
        to += list ? ']' : '}';
    } else {
        require<input_error>(!is_undefined(value), "tojson: an undefined value has no JSON");
        to += value.dump(-1, ' ', false, template_value::error_handler_t::replace);
    }
}

/// What Python's str gives; `quoted`: its repr, as within lists.
inline std::string text_of(const template_value& value, bool quoted = false) {
    if (is_undefined(value)) return "";
    if (value.is_null()) return "None";
    if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
    if (value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        if (!quoted) return text;
        const bool doubled = text.find('\'') != std::string::npos && text.find('"') == std::string::npos;
        const char quote = doubled ? '"' : '\'';
        std::string shown(1, quote);
        for (const char c : text) shown.append(c == '\n' ? "\\n" : c == quote ? "\\'" : std::string(1, c));
        return shown + quote;
    }
    if (!value.is_structured()) return value.dump();
    std::string text = value.is_array() ? "[" : "{";
    bool first = true;
    for (auto item = value.begin(); item != value.end(); ++item, first = false) {
        if (!first) text += ", ";
        if (value.is_object()) text.append(text_of(item.key(), true)).append(": ");
        text += text_of(*item, true);
    }
    return text + (value.is_array() ? "]" : "}");
}

/// Numbers and booleans are compared as numbers.
inline bool equal(const template_value& a, const template_value& b) {
    if (is_undefined(a) || is_undefined(b)) return is_undefined(a) && is_undefined(b);
    if (a.is_boolean() != b.is_boolean() && (a.is_number() || b.is_number()))
        return a.is_boolean() ? equal(std::int64_t{a.get<bool>()}, b) : equal(a, std::int64_t{b.get<bool>()});
    return a == b;
}

inline bool contains(const template_value& whole, const template_value& part) {
    if (whole.is_string()) return whole.get_ref<const std::string&>().find(string_of(part, "in")) != std::string::npos;
    if (whole.is_object()) return part.is_string() && whole.contains(part.get_ref<const std::string&>());
    require<input_error>(whole.is_array() || is_undefined(whole), "in: ", kind_name(whole), " holds nothing");
    return whole.is_array() && std::ranges::any_of(whole, [&](const auto& item) { return equal(item, part); });
}

namespace detail {

inline template_value sum(const template_value& a, const template_value& b) {
    if (a.is_string() && b.is_string()) return a.get_ref<const std::string&>() + b.get_ref<const std::string&>();
    if (a.is_array() && b.is_array()) {
        template_value all = a;
        for (const auto& item : b) all.push_back(item);
        return all;
    }
    require<input_error>(a.is_number() && b.is_number(), "+: ", kind_name(a), " and ", kind_name(b), " have no sum");
    if (a.is_number_float() || b.is_number_float()) return a.get<double>() + b.get<double>();
    std::int64_t result = 0;
    require<input_error>(!__builtin_add_overflow(a.get<std::int64_t>(), b.get<std::int64_t>(), &result),
                         "+: the sum is too large");
    return result;
}

/// -, *, /, // and % of numbers.
inline template_value arithmetic(std::string_view what, const template_value& a, const template_value& b) {
    require<input_error>(a.is_number() && b.is_number(), what, ": numbers were expected, found ", kind_name(a), " and ",
                         kind_name(b));
    if (a.is_number_float() || b.is_number_float() || what == "/") {
        const double x = a.get<double>(), y = b.get<double>();
        require<input_error>(y != 0 || what == "-" || what == "*", what, ": division by zero");
        if (what == "/") return x / y;
        if (what == "//") return std::floor(x / y);
        if (what == "%") return x - y * std::floor(x / y);
        return what == "-" ? x - y : x * y;
    }
    const auto x = a.get<std::int64_t>(), y = b.get<std::int64_t>();
    std::int64_t result = 0;
    if (what == "-" || what == "*") {
        const bool over = what == "-" ? __builtin_sub_overflow(x, y, &result) : __builtin_mul_overflow(x, y, &result);
        require<input_error>(!over, what, ": the result is too large");
        return result;
    }
    require<input_error>(y != 0, what, ": division by zero");
    if (y == -1) return what == "%" ? template_value(0) : arithmetic("-", std::int64_t{0}, a);
    const std::int64_t rest = x % y, below = rest != 0 && (rest < 0) != (y < 0) ? 1 : 0; // Python rounds down
    return what == "%" ? rest + below * y : x / y - below;
}

/// Of two numbers or two strings. (The JSON library's own order would be compiled for objects and lists, too.)
inline std::partial_ordering order(const template_value& a, const template_value& b) {
    if (a.is_string()) return a.get_ref<const std::string&>() <=> b.get_ref<const std::string&>();
    if (a.is_number_float() || b.is_number_float()) return a.get<double>() <=> b.get<double>();
    if (a.is_number_unsigned() && b.is_number_unsigned()) return a.get<std::uint64_t>() <=> b.get<std::uint64_t>();
    return a.get<std::int64_t>() <=> b.get<std::int64_t>();
}

} // namespace detail

/// An operator on two values, `and` and `or` excepted.
inline template_value binary_value(std::string_view what, const template_value& a, const template_value& b) {
    if (what == "==") return equal(a, b);
    if (what == "!=") return !equal(a, b);
    if (what == "in") return contains(b, a);
    if (what == "not in") return !contains(b, a);
    if (what == "~") return text_of(a) + text_of(b);
    if (what == "+") return detail::sum(a, b);
    if (what.find_first_of("<>") == std::string_view::npos) return detail::arithmetic(what, a, b);
    require<input_error>((a.is_number() && b.is_number()) || (a.is_string() && b.is_string()), what, ": ", kind_name(a),
                         " and ", kind_name(b), " have no order");
    const std::partial_ordering order = detail::order(a, b);
    return what == "<" ? order < 0 : what == ">" ? order > 0 : what == "<=" ? order <= 0 : order >= 0;
}

/// `value is name`. \throws input_error when there is no such test.
inline bool test_value(std::string_view name, const template_value& value, const template_value& argument) {
    if (name == "defined") return !is_undefined(value);
    if (name == "undefined") return is_undefined(value);
    if (name == "none") return value.is_null();
    if (name == "string") return value.is_string();
    if (name == "number") return value.is_number() || value.is_boolean();
    if (name == "integer") return value.is_number_integer();
    if (name == "float") return value.is_number_float();
    if (name == "boolean") return value.is_boolean();
    if (name == "true") return value.is_boolean() && value.get<bool>();
    if (name == "false") return value.is_boolean() && !value.get<bool>();
    if (name == "mapping") return value.is_object();
    if (name == "sequence" || name == "iterable")
        return value.is_string() || value.is_structured() || is_undefined(value);
    if (name == "odd") return integer_of(value, name) % 2 != 0;
    if (name == "even") return integer_of(value, name) % 2 == 0;
    if (name == "in") return contains(argument, value);
    if (name == "equalto" || name == "eq" || name == "sameas") return equal(value, argument);
    if (name == "ne") return !equal(value, argument);
    if (name == "callable") return false;
    throw input_error(message("the test '", name, "' is not known"));
}

} // namespace preflearn
