/// \file
/// A line of JSON, and fields that know the name by which messages call them.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>

namespace preflearn::detail {

/// A JSON value and the name by which messages call it.
struct json_field {
    const nlohmann::json* value = nullptr;
    std::string name;

    [[nodiscard]] bool present() const { return value != nullptr; }
    [[nodiscard]] bool is_text() const { return value->is_string(); }
    [[nodiscard]] bool is_conversation() const { return value->is_array() || value->is_object(); }
    [[nodiscard]] const nlohmann::json& operator*() const { return *value; }

    [[noreturn]] void fail(std::string_view expected) const {
        std::string found = value == nullptr ? "nothing" : value->type_name();
        if (value != nullptr && value->is_array())
            found = value->empty() ? "an empty list" : message("a list of ", value->size());
        if (value != nullptr && value->is_number()) found += " " + value->dump();
        throw input_error(message("field '", name, "': found ", found, ", expected ", expected));
    }
    [[nodiscard]] std::string_view text() const {
        if (!present() || !is_text()) fail("a text");
        return value->get_ref<const std::string&>();
    }
    [[nodiscard]] double number() const {
        if (!present() || !value->is_number()) fail("a number");
        return value->get<double>();
    }
    /// The member of an object; not present when it is null.
    [[nodiscard]] json_field member(std::string_view key) const {
        const auto at = value->find(key);
        return {at == value->end() || at->is_null() ? nullptr : &*at,
                name.empty() ? std::string(key) : message(name, ".", key)};
    }
    /// "no fields", or a list of the first few.
    [[nodiscard]] std::string names_of_members() const {
        std::string names;
        std::size_t listed = 0;
        for (const auto& member : value->items()) {
            if (listed++ == 8) return names + ", …";
            names += (names.empty() ? "the fields '" : ", '") + member.key().substr(0, 40) + "'";
        }
        return names.empty() ? "no fields" : names;
    }
    [[nodiscard]] json_field element(std::size_t i) const { return {&(*value)[i], message(name, "[", i, "]")}; }
};

/// A field of an object, be it null; nothing where it is absent.
inline const nlohmann::json* field_at(const nlohmann::json& object, std::string_view name) {
    if (!object.is_object()) return nullptr;
    if (const auto at = object.find(name); at != object.end()) return &*at;
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos) return nullptr;
    const auto outer = object.find(name.substr(0, dot));
    return outer == object.end() ? nullptr : field_at(*outer, name.substr(dot + 1));
}

/// Parses one object. Refused are repeated keys, and depth that no format of preferences has (a line of brackets costs
/// many times its length in memory otherwise).
inline nlohmann::json parse_json_line(std::string_view line) {
    constexpr int deepest = 32;
    using event = nlohmann::json::parse_event_t;
    std::vector<std::unordered_set<std::string>> open;
    const auto check = [&](int depth, event what, nlohmann::json& parsed) {
        require<input_error>(depth <= deepest, "is nested deeper than ", deepest, " levels");
        if (what == event::object_start) open.emplace_back();
        if (what == event::object_end) open.pop_back();
        if (what == event::key) {
            require<input_error>(open.back().insert(parsed.get<std::string>()).second, "field '",
                                 parsed.get_ref<const std::string&>(), "' appears twice in one object");
        }
        return true;
    };
    try {
        return nlohmann::json::parse(line, check);
    } catch (const nlohmann::json::parse_error& failure) {
        std::string_view reason = failure.what(); // what was read last may be long, and invalid UTF-8
        reason.remove_prefix(std::min(reason.find("syntax error"), reason.size()));
        reason = reason.substr(0, reason.find("; last read"));
        throw input_error(message("is not valid JSON at byte ", failure.byte, ": ", reason));
    } catch (const nlohmann::json::exception& failure) { // a number beyond the range of double
        throw input_error(message("is not valid JSON: ", std::string_view(failure.what()).substr(0, 200)));
    }
}

} // namespace preflearn::detail
