/// \file
/// What the members of an object of teacher.json are, each of its type: a kind reads its `settings` by it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// The members of an object of teacher.json. Views it.
/// \throws input_error naming the place and the member, what was found and what was expected.
class teacher_fields {
  public:
    teacher_fields(const nlohmann::json& object, std::string place) : object_(object), place_(std::move(place)) {
        require<input_error>(object.is_object(), place_, ": an object was expected, found ", object.type_name());
    }
    [[nodiscard]] bool has(std::string_view name) const { return !at(name).is_null(); }
    [[nodiscard]] const nlohmann::json& at(std::string_view name) const { return member_or_null(object_, name); }
    [[nodiscard]] std::string text(std::string_view name, std::optional<std::string> otherwise = {}) const {
        if (!has(name) && otherwise) return *otherwise;
        require<input_error>(at(name).is_string(), place_, ": '", name, "' is ", found(name), ", a text was expected");
        return at(name).get<std::string>();
    }
    [[nodiscard]] double number(std::string_view name, double otherwise) const {
        if (!has(name)) return otherwise;
        const double value = at(name).is_number() ? at(name).get<double>() : std::nan("");
        require<input_error>(std::isfinite(value), place_, ": '", name, "' is ", found(name),
                             ", a number was expected");
        return value;
    }
    [[nodiscard]] double positive(std::string_view name, double otherwise) const {
        const double value = number(name, otherwise);
        require<input_error>(value > 0, place_, ": '", name, "' is ", value, ", a positive number was expected");
        return value;
    }
    [[nodiscard]] bool flag(std::string_view name) const {
        require<input_error>(!has(name) || at(name).is_boolean(), place_, ": '", name, "' is ", found(name),
                             ", true or false was expected");
        return has(name) && at(name).get<bool>();
    }
    [[nodiscard]] teacher_fields object(std::string_view name) const {
        return {at(name), message(place_, ": '", name, "'")};
    }
    [[nodiscard]] const nlohmann::json& all() const { return object_; }
    [[nodiscard]] const std::string& place() const { return place_; }

  private:
    [[nodiscard]] std::string found(std::string_view name) const {
        return has(name) ? at(name).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).substr(0, 80)
                         : "missing";
    }
    const nlohmann::json& object_;
    std::string place_;
};

} // namespace preflearn
