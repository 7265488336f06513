/// \file
/// Chat templates as trees: expressions, and the statements around them.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace preflearn {

/// Values of the language are JSON; an undefined one is JSON's `discarded`.
using template_value = nlohmann::ordered_json;

struct template_expression {
    enum class kind : std::uint8_t {
        literal,   ///< value
        name,      ///< text
        list,      ///< parts
        object,    ///< keys and values in turn
        attribute, ///< parts[0].text
        index,     ///< parts[0][parts[1]]
        slice,     ///< parts[0][parts[1]:parts[2]:parts[3]]
        call,      ///< parts[0](parts[1], …, named)
        filter,    ///< parts[0] | text(parts[1], …, named)
        test,      ///< parts[0] is text(parts[1], …)
        unary,     ///< text parts[0]
        binary,    ///< parts[0] text parts[1]
        choice,    ///< parts[1] if parts[0] else parts[2]
    };
    kind what = kind::literal;
    std::string text{};
    template_value value{};
    std::vector<template_expression> parts{};
    std::vector<std::pair<std::string, template_expression>> named{};
    std::size_t line = 1;
};

struct template_statement {
    enum class kind : std::uint8_t {
        text,      ///< text
        output,    ///< expressions[0]
        branch,    ///< body i where expression i holds first; one more body: else
        loop,      ///< names in expressions[0], where expressions[1] holds; bodies: each, none
        set,       ///< names = expressions[0]; text: an attribute of the name
        set_block, ///< names = what the body writes
        macro,     ///< text(names), defaults: the expressions of the last names
        leave,     ///< break
        next,      ///< continue
    };
    kind what = kind::text;
    std::string text{};
    std::vector<std::string> names{};
    std::vector<template_expression> expressions{};
    std::vector<std::vector<template_statement>> bodies{};
    std::size_t line = 1;
};

} // namespace preflearn
