/// \file
/// Conversations as text, in the form of Anthropic's HH data: "\n\nHuman: …\n\nAssistant: …" (Bai et al. 2022); and
/// where such a pair of transcripts stops being the prompt.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <preflearn/core/chat_message.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// What an assistant's turn begins with in HH transcripts; its text follows after a space.
inline constexpr std::string_view hh_answer_start = "\n\nAssistant:";

/// The conversation as an HH transcript. When its last turn is not the assistant's, the start of the answer follows,
/// so that the text is a prompt. \throws argument_error naming the turn when a role is not system, user or assistant.
inline std::string transcript_of(std::span<const chat_message> turns) {
    std::string text;
    for (std::size_t i = 0; i < turns.size(); ++i) {
        const std::string_view role = turns[i].role;
        require(role == "system" || role == "user" || role == "assistant", "turn ", i, ": the role is '", role,
                "', expected system, user or assistant");
        text += role == "user" ? "\n\nHuman: " : role == "assistant" ? "\n\nAssistant: " : "\n\nSystem: ";
        text += turns[i].content;
    }
    if (!turns.empty() && turns.back().role != "assistant") text += hh_answer_start;
    return text;
}

/// How many bytes of two transcripts are their prompt: the common beginning up to and including its last
/// `answer_start`. Nothing when the common beginning holds none.
inline std::optional<std::size_t> common_prompt_size(std::string_view chosen, std::string_view rejected,
                                                     std::string_view answer_start = hh_answer_start) {
    const auto common = static_cast<std::size_t>(std::ranges::mismatch(chosen, rejected).in1 - chosen.begin());
    const std::size_t at = chosen.substr(0, common).rfind(answer_start);
    return at == std::string_view::npos ? std::nullopt : std::optional(at + answer_start.size());
}

} // namespace preflearn
