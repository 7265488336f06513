#include <string>

#include <doctest/doctest.h>

#include <preflearn/core/chat_message.hpp>

using namespace preflearn;

TEST_CASE("a message views its texts and equals another by their characters") {
    const std::string role = "user", content = "Why?";
    const chat_message message{role, content};
    CHECK(message.content.data() == content.data());
    CHECK(message == chat_message{"user", "Why?"});
    CHECK_FALSE(message == chat_message{"assistant", "Why?"});
    CHECK_FALSE(message == chat_message{"user", "Why"});
}
