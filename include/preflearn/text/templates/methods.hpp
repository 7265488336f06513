/// \file
/// The filters of chat templates and the methods of their strings, lists and mappings.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/text/characters/unicode.hpp>
#include <preflearn/text/chat/conversation.hpp>
#include <preflearn/text/templates/values.hpp>

namespace preflearn {

/// Arguments of a filter, a method or a function.
struct template_arguments {
    std::vector<template_value> list{};
    std::vector<std::pair<std::string, template_value>> named{};

    /// The argument of that name or place; undefined where there is none.
    [[nodiscard]] template_value get(std::size_t place, std::string_view name = "") const {
        if (place < list.size()) return list[place];
        for (const auto& [key, value] : named)
            if (key == name) return value;
        return undefined_value();
    }
};

/// The characters of a string, as a list.
inline template_value characters_of(std::string_view text) {
    template_value all = template_value::array();
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t bytes = character_at(text, at).bytes;
        all.push_back(std::string(text.substr(at, bytes)));
        at += bytes;
    }
    return all;
}

/// What a loop goes through: a list's values, a mapping's keys, a string's characters. \throws input_error
inline template_value items_of(const template_value& value, std::string_view user) {
    if (is_undefined(value)) return template_value::array();
    if (value.is_array()) return value;
    if (value.is_string()) return characters_of(value.get_ref<const std::string&>());
    require<input_error>(value.is_object(), user, ": ", kind_name(value), " cannot be gone through");
    template_value keys = template_value::array();
    for (auto item = value.begin(); item != value.end(); ++item) keys.push_back(item.key());
    return keys;
}

namespace detail {

/// Python's strip of a set of characters (undefined or none: white space).
inline std::string_view stripped(std::string_view text, const template_value& set, bool left, bool right) {
    if (is_undefined(set) || set.is_null()) {
        const std::string_view inner = without_outer_space(text);
        if (inner.empty()) return inner;
        const auto begin = static_cast<std::size_t>(inner.data() - text.data());
        const std::size_t first = left ? begin : 0, end = right ? begin + inner.size() : text.size();
        return text.substr(first, end - first);
    }
    const template_value members = characters_of(string_of(set, "strip"));
    const auto is_member = [&](std::string_view character) { return contains(members, std::string(character)); };
    while (left && !text.empty() && is_member(text.substr(0, character_at(text, 0).bytes)))
        text.remove_prefix(character_at(text, 0).bytes);
    while (right && !text.empty() && is_member(text.substr(last_character(text))))
        text = text.substr(0, last_character(text));
    return text;
}

inline template_value split(std::string_view text, const template_value& separator, const template_value& most) {
    template_value parts = template_value::array();
    auto left = is_undefined(most) ? std::int64_t{-1} : integer_of(most, "split");
    if (is_undefined(separator) || separator.is_null()) { // at stretches of white space
        for (text = without_outer_space(text); !text.empty(); text = without_outer_space(text)) {
            std::size_t end = 0;
            while (end < text.size() && !without_outer_space(text.substr(end, character_at(text, end).bytes)).empty())
                end += character_at(text, end).bytes;
            if (left-- == 0) end = text.size();
            parts.push_back(std::string(text.substr(0, end)));
            text.remove_prefix(end);
        }
        return parts;
    }
    const std::string& by = string_of(separator, "split");
    require<input_error>(!by.empty(), "split: the separator is empty");
    for (std::size_t at; left-- != 0 && (at = text.find(by)) != std::string_view::npos;) {
        parts.push_back(std::string(text.substr(0, at)));
        text.remove_prefix(at + by.size());
    }
    parts.push_back(std::string(text));
    return parts;
}

inline std::string with_case(std::string text, std::string_view how) {
    bool starts = true;
    for (char& c : text) { // letters of ASCII, which is what templates turn
        const bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z';
        const bool raise = how == "upper" || (starts && how != "lower");
        if (raise && lower) c = static_cast<char>(c - 'a' + 'A');
        if (!raise && upper) c = static_cast<char>(c - 'A' + 'a');
        starts = how == "title" && !upper && !lower;
    }
    return text;
}

inline template_value replaced(std::string text, const template_value& from, const template_value& to) {
    const std::string &old = string_of(from, "replace"), &made = string_of(to, "replace");
    require<input_error>(!old.empty(), "replace: the text to be replaced is empty");
    for (std::size_t at = 0; (at = text.find(old, at)) != std::string::npos; at += made.size())
        text.replace(at, old.size(), made);
    return text;
}

inline template_value joined_items(const template_value& list, const template_value& separator) {
    std::string text;
    bool first = true;
    for (const auto& item : items_of(list, "join")) {
        if (!first && !is_undefined(separator)) text += string_of(separator, "join");
        text += text_of(item);
        first = false;
    }
    return text;
}

inline template_value keys_with_values(const template_value& object) {
    template_value pairs = template_value::array();
    if (is_undefined(object)) return pairs;
    require<input_error>(object.is_object(), "items: a mapping was expected, found ", kind_name(object));
    for (auto item = object.begin(); item != object.end(); ++item)
        pairs.push_back(template_value::array({item.key(), *item}));
    return pairs;
}

inline template_value member_of(const template_value& object, const std::string& name) {
    if (!object.is_object()) return undefined_value();
    const auto found = object.find(name);
    return found == object.end() ? undefined_value() : *found;
}

/// selectattr, rejectattr, select, reject and map(attribute=…).
inline template_value chosen(std::string_view name, const template_value& list, const template_arguments& with) {
    template_value kept = template_value::array();
    const bool by_attribute = name.ends_with("attr"), keeps = name.starts_with("select");
    const std::size_t test_at = by_attribute ? 1 : 0;
    for (const auto& item : items_of(list, name)) {
        const template_value seen = by_attribute ? member_of(item, string_of(with.get(0), name)) : item;
        const bool holds = with.list.size() > test_at
                               ? test_value(string_of(with.list[test_at], name), seen, with.get(test_at + 1))
                               : is_true(seen);
        if (holds == keeps) kept.push_back(item);
    }
    return kept;
}

} // namespace detail

inline std::int64_t length_of(const template_value& value) {
    if (value.is_string()) return static_cast<std::int64_t>(characters_of(value.get_ref<const std::string&>()).size());
    require<input_error>(value.is_structured() || is_undefined(value), "length: ", kind_name(value), " has none");
    return is_undefined(value) ? 0 : static_cast<std::int64_t>(value.size());
}

/// `value | name(…)`. \throws input_error when there is no such filter or it does not fit the value.
inline template_value filter_value(std::string_view name, const template_value& value, const template_arguments& with) {
    if (name == "trim") return std::string(detail::stripped(text_of(value), with.get(0, "chars"), true, true));
    if (name == "length" || name == "count") return length_of(value);
    if (name == "string") return text_of(value);
    if (name == "upper" || name == "lower" || name == "title" || name == "capitalize")
        return detail::with_case(text_of(value), name);
    if (name == "tojson") {
        const template_value indent = with.get(0, "indent");
        std::string text;
        write_json(text, value,
                   indent.is_number() ? static_cast<int>(std::clamp<std::int64_t>(integer_of(indent, name), 0, 16))
                                      : -1);
        return text;
    }
    if (name == "default" || name == "d") {
        const bool empty_too = is_true(with.get(1, "boolean"));
        return is_undefined(value) || (empty_too && !is_true(value)) ? with.get(0, "default_value") : value;
    }
    if (name == "first" || name == "last") {
        const template_value items = items_of(value, name);
        return items.empty() ? undefined_value() : name == "first" ? items.front() : items.back();
    }
    if (name == "list") return items_of(value, name);
    if (name == "items") return detail::keys_with_values(value);
    if (name == "join") return detail::joined_items(value, with.get(0, "d"));
    if (name == "replace") return detail::replaced(text_of(value), with.get(0), with.get(1));
    if (name == "reverse") {
        template_value items = items_of(value, name);
        std::reverse(items.begin(), items.end());
        return items;
    }
    if (name == "map") {
        template_value items = items_of(value, name);
        const template_value attribute = with.get(~std::size_t{0}, "attribute");
        for (auto& item : items)
            item = is_undefined(attribute) ? filter_value(string_of(with.get(0), name), item, {})
                                           : detail::member_of(item, string_of(attribute, name));
        return items;
    }
    if (name == "selectattr" || name == "rejectattr" || name == "select" || name == "reject")
        return detail::chosen(name, value, with);
    if (name == "int" && value.is_number()) return static_cast<std::int64_t>(value.get<double>());
    if (name == "safe" || name == "e" || name == "escape") return value;
    throw input_error(message("the filter '", name, "' is not known for ", kind_name(value)));
}

/// `value.name(…)`. \throws input_error when there is no such method.
inline template_value method_value(std::string_view name, const template_value& value, const template_arguments& with) {
    if (value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        if (name == "strip" || name == "lstrip" || name == "rstrip")
            return std::string(detail::stripped(text, with.get(0), name != "rstrip", name != "lstrip"));
        if (name == "split") return detail::split(text, with.get(0, "sep"), with.get(1, "maxsplit"));
        if (name == "startswith") return text.starts_with(string_of(with.get(0), name));
        if (name == "endswith") return text.ends_with(string_of(with.get(0), name));
        if (name == "replace") return detail::replaced(text, with.get(0), with.get(1));
        if (name == "join") return detail::joined_items(with.get(0), value);
        if (name == "upper" || name == "lower" || name == "title" || name == "capitalize")
            return detail::with_case(text, name);
    }
    if (value.is_object()) {
        if (name == "items") return detail::keys_with_values(value);
        if (name == "keys") return items_of(value, name);
        if (name == "values") {
            template_value values = template_value::array();
            for (const auto& item : value) values.push_back(item);
            return values;
        }
        if (name == "get") {
            const template_value found = detail::member_of(value, string_of(with.get(0), name));
            if (!is_undefined(found)) return found;
            return is_undefined(with.get(1)) ? template_value(nullptr) : with.get(1);
        }
    }
    throw input_error(message(kind_name(value), " has no method '", name, "' that is known"));
}

} // namespace preflearn
