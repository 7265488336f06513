/// \file
/// What records are to become.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

enum class record_shape : std::uint8_t {
    pairs,          ///< prompt, chosen, rejected (HH: chosen, rejected)
    responses,      ///< prompt, responses, with every verdict as it is
    unlabelled,     ///< prompt, responses in a random order, without any verdict
    scored,         ///< prompt, responses, scores
    singles,        ///< prompt, completion, label: TRL's unpaired preference, for KTO and BCO
    prompts,        ///< prompt: TRL's prompt-only
    demonstrations, ///< prompt and the chosen completion: TRL's prompt-completion
};

enum class text_style : std::uint8_t {
    text,         ///< conversations become text by the chat format
    conversation, ///< lists of {role, content}
    transcript,   ///< "\n\nHuman: …\n\nAssistant: …", prompt and response in one
};

struct record_target {
    record_shape shape = record_shape::pairs;
    text_style style = text_style::text;
    friend bool operator==(const record_target&, const record_target&) = default;
};

namespace detail {

struct named_target {
    std::string_view name;
    record_shape shape;
};
inline constexpr std::array named_targets{
    named_target{"trl", record_shape::pairs},           named_target{"explicit", record_shape::pairs},
    named_target{"kto", record_shape::singles},         named_target{"scored", record_shape::scored},
    named_target{"responses", record_shape::responses}, named_target{"unlabelled", record_shape::unlabelled},
    named_target{"prompts", record_shape::prompts},     named_target{"sft", record_shape::demonstrations}};

} // namespace detail

/// "trl, explicit, …, hh; each but hh also as trl-conversational …".
inline std::string record_target_names() {
    std::string names;
    for (const auto& target : detail::named_targets) names += std::string(target.name) + ", ";
    return names + "hh; each but hh also with -conversational behind its name";
}

/// \throws argument_error listing the names.
inline record_target record_target_named(std::string_view name) {
    if (name == "hh") return {record_shape::pairs, text_style::transcript};
    constexpr std::string_view ending = "-conversational";
    const bool turns = name.ends_with(ending);
    const std::string_view start = turns ? name.substr(0, name.size() - ending.size()) : name;
    for (const auto& target : detail::named_targets)
        if (target.name == start) return {target.shape, turns ? text_style::conversation : text_style::text};
    throw argument_error(message("there is no format ", excerpt{name}, "; there are ", record_target_names()));
}

} // namespace preflearn
