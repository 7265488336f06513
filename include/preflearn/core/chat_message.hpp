/// \file
/// One turn of a conversation, as data sets hold it and chat formats render it.
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include <preflearn/core/system/compiler.hpp>

namespace preflearn {

/// Views of texts owned by someone else; the role is "system", "user" or "assistant" unless a format says otherwise.
struct chat_message {
    std::string_view role;
    std::string_view content;
    friend bool operator==(const chat_message&, const chat_message&) = default;
};

} // namespace preflearn
