/// \file
/// Everything of `text/chat`: conversations.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/text/chat/chat_template.hpp>
#include <preflearn/text/chat/conversation.hpp>
#include <preflearn/text/chat/end_of_turn.hpp>
#include <preflearn/text/chat/formats.hpp>
#include <preflearn/text/chat/model_chat.hpp>
