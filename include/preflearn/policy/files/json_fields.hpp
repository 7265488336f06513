/// \file
/// Fields of a JSON object (config.json, GGUF metadata) by name, with errors that name file and field.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>

namespace preflearn {

/// Refers to the object, which must outlive it. A field that is null counts as absent.
class settings_reader {
  public:
    /// `prefix` stands before every name ("llama." in GGUF). \throws input_error unless `object` is an object.
    settings_reader(const nlohmann::json& object, std::string origin, std::string prefix = {})
        : object_(object), origin_(std::move(origin)), prefix_(std::move(prefix)) {
        require<input_error>(object.is_object(), origin_, ": a JSON object was expected, found ", object.type_name());
    }

    [[nodiscard]] const std::string& origin() const { return origin_; }
    /// Of all fields, as the object has them.
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const auto& [name, value] : object_.items()) all.push_back(name);
        return all;
    }
    /// "file: field: ", for messages.
    [[nodiscard]] std::string what(std::string_view name) const { return message(origin_, ": ", prefix_, name, ": "); }
    [[nodiscard]] bool has(std::string_view name) const { return !at(name).is_null(); }
    /// Whether the field is there and null.
    [[nodiscard]] bool is_null(std::string_view name) const {
        return object_.contains(prefix_ + std::string(name)) && at(name).is_null();
    }
    [[nodiscard]] const nlohmann::json& at(std::string_view name) const {
        return member_or_null(object_, prefix_ + std::string(name));
    }
    /// An object within this one.
    [[nodiscard]] settings_reader within(std::string_view name) const {
        return {at(name), origin_ + ": " + std::string(name)};
    }

    /// A whole number of at least 0; without a default the field must be there.
    [[nodiscard]] std::size_t natural(std::string_view name, std::optional<std::size_t> otherwise = {}) const {
        const nlohmann::json& value = at(name);
        if (value.is_null() && otherwise) return *otherwise;
        bool whole = value.is_number_unsigned() || (value.is_number_integer() && value.get<std::int64_t>() >= 0);
        if (value.is_number_float()) { // 4096.0
            const double number = value.get<double>();
            whole = number >= 0 && number < 9e15 && std::floor(number) == number;
        }
        require<input_error>(whole, what(name), "a whole number of at least 0 was expected, found ", shown(value));
        return value.get<std::size_t>();
    }
    [[nodiscard]] double number(std::string_view name, std::optional<double> otherwise = {}) const {
        const nlohmann::json& value = at(name);
        if (value.is_null() && otherwise) return *otherwise;
        require<input_error>(value.is_number(), what(name), "a number was expected, found ", shown(value));
        return value.get<double>();
    }
    [[nodiscard]] bool flag(std::string_view name, bool otherwise) const {
        const nlohmann::json& value = at(name);
        if (value.is_null()) return otherwise;
        require<input_error>(value.is_boolean(), what(name), "true or false was expected, found ", shown(value));
        return value.get<bool>();
    }
    [[nodiscard]] std::string text(std::string_view name, std::string otherwise) const {
        const nlohmann::json& value = at(name);
        if (value.is_null()) return otherwise;
        require<input_error>(value.is_string(), what(name), "a text was expected, found ", shown(value));
        return value.get<std::string>();
    }
    /// A token id, a list of them, or none.
    [[nodiscard]] std::vector<token_id> tokens(std::string_view name) const {
        std::vector<token_id> ids;
        const auto add = [&](const nlohmann::json& value) {
            const bool fits = value.is_number_integer() && value.get<std::int64_t>() >= 0 &&
                              value.get<std::int64_t>() < (std::int64_t{1} << 31);
            require<input_error>(fits, what(name), "token ids were expected, found ", shown(value));
            ids.push_back(value.get<token_id>());
        };
        const nlohmann::json& value = at(name);
        if (value.is_array()) {
            for (const nlohmann::json& each : value) add(each);
        } else if (!value.is_null()) {
            add(value);
        }
        return ids;
    }

    /// \throws input_error when the field is there and is not `value`, the one thing that is computed here.
    template <class T> void expect(std::string_view name, const T& value) const {
        const nlohmann::json& found = at(name);
        require<input_error>(found.is_null() || found == nlohmann::json(value), what(name), "only ",
                             nlohmann::json(value).dump(), " is supported, found ", shown(found));
    }
    /// \throws input_error naming a field that is not one of `names`.
    void expect_known(std::span<const std::string_view> names) const {
        for (const auto& [name, value] : object_.items()) {
            const bool known = std::find(names.begin(), names.end(), name) != names.end();
            require<input_error>(known || value.is_null(), what(name), "is not known here, found ", shown(value));
        }
    }

  private:
    static std::string shown(const nlohmann::json& value) {
        if (value.is_null()) return "nothing";
        std::string text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        if (text.size() > 80) text = text.substr(0, 80) + "...";
        return text;
    }

    const nlohmann::json& object_;
    std::string origin_;
    std::string prefix_;
};

} // namespace preflearn
